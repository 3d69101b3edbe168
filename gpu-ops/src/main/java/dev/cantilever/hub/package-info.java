/**
 * Hugging Face checkpoints and PEFT adapters as files: bytes, names and shapes only. This page is
 * the specification of what is read and written.
 *
 * <p><b>Enter by</b> {@link dev.cantilever.hub.ModelDirectory} and {@link
 * dev.cantilever.hub.AdapterDirectory}; write by {@link dev.cantilever.hub.ModelDirectoryWriter},
 * {@link dev.cantilever.hub.AdapterWriter}, {@link dev.cantilever.hub.CheckpointConversion} and
 * {@link dev.cantilever.hub.AdapterConversion}. Used by {@code adapter} and {@code model}; knows
 * only {@code tensor} and, for the insides of PyTorch's files, {@code hub.torch}.
 *
 * <p><b>Weights</b> (safetensors 0.5): types F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL;
 * anything else is an error. Every rule of the format is checked before a byte is used: header
 * length, UTF-8, JSON without repeated keys, known types, exact sizes without overflow, data
 * covered without hole or overlap. Ours in addition: at most 1,000,000 tensors, 1,024 characters a
 * name, 16 dimensions, no unknown field. Written: metadata {@code format=pt}, the reference
 * writer's order, header padded to 8.
 *
 * <p><b>Model directory</b> (transformers 4 and 5): {@code config.json}; {@code model.safetensors},
 * else {@code model.safetensors.index.json} with {@code weight_map} (bare file names; index and
 * shards must agree both ways; {@code metadata} is not read) and its shards; where neither is
 * there, {@code pytorch_model.bin} or its index and shards. Written: safetensors, shards of at most
 * 5 GB, and the tokenizer and generation files copied. {@code quantization_config} must be inactive
 * or of bitsandbytes in 8 bit ({@link dev.cantilever.hub.EightBitSettings}). A tensor is found by
 * its name in the whole model also where the checkpoint is of the bare one. A {@link
 * dev.cantilever.hub.LinearStorage} says how a linear layer is kept where that is not [out, in] in
 * the model's order.
 *
 * <p><b>config.json</b>: read through {@link dev.cantilever.hub.ModelConfig} only, both dialects;
 * {@code rope_scaling} or {@code rope_parameters} of type default, linear, dynamic, llama3, yarn or
 * longrope; another type, or a key that its type has not, is an error. Other keys belong to the
 * family that asks for them.
 *
 * <p><b>Adapter</b> (peft 0.2 to 0.21, written as 0.21.0): {@code adapter_model.safetensors}, or
 * where it is not there {@code adapter_model.bin}, with {@code base_model.model.<module>} and
 * behind it {@code .lora_A.weight} [r, in], {@code .lora_B.weight} [out, r] and with {@code
 * use_dora} {@code .lora_magnitude_vector} [out]; of a table of embeddings [V, E] {@code
 * .lora_embedding_A} [r, V] and {@code .lora_embedding_B} [E, r]; where {@code bias} asks for it
 * {@code .base_layer.bias} or {@code .bias}; of {@code modules_to_save} the base's own names; the
 * base's table or head, untrained, where peft lets it come along. GPT-NeoX's head goes by two names
 * ({@link dev.cantilever.hub.HeadNames}). Several saved together lie each in a directory of its
 * name, {@code default} in the one above. From {@code adapter_config.json}, read: {@code peft_type}
 * (LORA), {@code r}, {@code lora_alpha}, {@code rank_pattern}, {@code alpha_pattern}, {@code
 * use_rslora}, {@code use_dora}, {@code lora_dropout}, {@code target_modules}, {@code
 * exclude_modules}, {@code layers_to_transform}, {@code layers_pattern}, {@code modules_to_save},
 * {@code bias}, {@code init_lora_weights} (true, false, gaussian, orthogonal, eva, pissa,
 * pissa_niter_N, olora), {@code fan_in_fan_out}, {@code task_type}, or where that is null the class
 * of transformers in {@code auto_mapping}, {@code base_model_name_or_path}. Ignored: {@code
 * eva_config}, {@code inference_mode}, {@code loftq_config}, {@code megatron_core}, {@code
 * peft_version}, {@code qalora_group_size}, {@code revision}, {@code runtime_config}. Every other
 * key, known or not, is refused unless null, false or empty.
 *
 * <p><b>Value head</b> (trl 0.4 to 0.11): {@code v_head.summary.weight} [1, E] and {@code
 * v_head.summary.bias} [1], in {@code value_head.safetensors} or inside a full model.
 *
 * <p><b>Invariant</b>: a file or directory appears under its name whole or not at all. <b>Not
 * here</b>: what a config means, quantisation, merging, tokenizers.
 */
@NullMarked
package dev.cantilever.hub;

import org.jspecify.annotations.NullMarked;
