/**
 * Text to token ids and back, by Hugging Face's own tokenizer library.
 *
 * <p>Enter by {@link dev.cantilever.tokenizer.TextTokenizer#load}: a model directory in HF layout
 * with its {@code tokenizer.json}, or with the vocabulary files that a class of transformers makes
 * one of ({@code TokenizerFile}); special token ids come from {@code generation_config.json},
 * {@code config.json} and {@code tokenizer_config.json}, in this order. We write no tokenizer
 * ourselves, so ids are those of transformers' fast tokenizers.
 *
 * <p>Used by the stages of the pipelines. Invariant: nothing is truncated, padded or lower-cased
 * unless a caller asks or {@code tokenizer.json}'s normalizer does; whatever truncation and padding
 * the file itself or {@code tokenizer_config.json} states is switched off, because rows are packed
 * and never padded here.
 *
 * <p>What a {@code tokenizer.json} says is checked before the library is given it ({@code
 * ComponentCheck}): it is native, and where some of that does not hold it ends the process.
 *
 * <p>Not here: sentencepiece models of other classes than T5's, Llama's, Gemma's and DeBERTa's,
 * which are refused; chat templates ({@code chat}); packing ({@code batch}).
 */
@NullMarked
package dev.cantilever.tokenizer;

import org.jspecify.annotations.NullMarked;
