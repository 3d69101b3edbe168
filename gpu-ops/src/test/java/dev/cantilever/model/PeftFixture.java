package dev.cantilever.model;

import dev.cantilever.hub.Fixtures;
import java.nio.file.Path;
import java.util.Locale;

/** Adapters that peft wrote, of the folder {@code peft_adapters}, and the base of each. */
enum PeftFixture {
  NEOX_DORA("gpt_neox"),
  GPT2_DORA_BIAS("gpt2"),
  LLAMA_PATTERNS("llama"),
  QWEN2_LAYERS_DORA("qwen2"),
  LLAMA_PISSA("llama"),
  LLAMA_PISSA_HEAD("llama"),
  LLAMA_OLORA_HEAD("llama"),
  LLAMA_PISSA_NITER("llama"),
  NEOX_PISSA_BOTH("gpt_neox"),
  GPT2_PISSA("gpt2"),
  NEOX_OLORA("gpt_neox"),
  OPT_EXCLUDE("opt"),
  NEOX_BIAS_ALL("gpt_neox"),
  GPT2_TIED_HEAD("gpt2"),
  GPT2_TIED_BOTH("gpt2"),
  QWEN2_TIED_TOKENS("qwen2"),
  LLAMA_HEAD("llama"),
  NEOX_LORA_TABLES("gpt_neox"),
  LLAMA_LORA_TABLES("llama"),
  GPT2_LORA_TIED("gpt2"),
  GEMMA2_LORA_TABLES("gemma2_capped"),
  NEOX_NORMS("gpt_neox"),
  LLAMA_NORMS("llama"),
  GEMMA2_NORMS("gemma2_capped"),
  T5_SHARED("flan_t5"),
  T5_EMBED_HEAD("t5_untied"),
  T5_ALL("t5_plain"),
  T5_TABLES_WHOLE("flan_t5"),
  LLAMA_DORA_TABLES("llama"),
  GEMMA2_DORA_TABLES("gemma2_capped"),
  NEOX_DORA_TABLES("gpt_neox"),
  GPT2_DORA_TIED("gpt2"),
  GPT2_WHOLE("gpt2"),
  LLAMA_WHOLE("llama"),
  NEOX_WHOLE_MLP("gpt_neox"),
  OPT_WHOLE("opt"),
  T5_WHOLE("t5_plain"),
  GPT2_LORA_POSITIONS("gpt2"),
  GPT2_DORA_POSITIONS("gpt2"),
  LLAMA_RESIZED("llama"),
  LLAMA_RESIZED_BRANCHES("llama"),
  QWEN2_RESIZED_TIED("qwen2"),
  QWEN2_PISSA_TIED("qwen2"),
  GPT2_OLORA_TIED("gpt2"),
  QWEN2_PISSA_BOTH("qwen2"),
  T5_PISSA_HEAD("t5_plain"),
  T5_RESIZED("t5_plain"),
  T5_RESIZED_SHARED("t5_plain"),
  T5_SHARED_WHOLE("t5_plain");

  /** Those that resize a vocabulary or took off a tied table: merging alone takes them. */
  static final String MERGED_ALONE =
      "LLAMA_RESIZED|LLAMA_RESIZED_BRANCHES|QWEN2_RESIZED_TIED|QWEN2_PISSA_TIED|QWEN2_PISSA_BOTH|GPT2_OLORA_TIED|T5_PISSA_HEAD|T5_RESIZED|T5_RESIZED_SHARED";

  private final String base;

  PeftFixture(String base) {
    this.base = base;
  }

  /** The folder of its base among the fixtures. */
  String base() {
    return base;
  }

  /** Its folder. */
  Path adapter() {
    return Fixtures.path("peft_adapters/" + name().toLowerCase(Locale.ROOT));
  }

  /** The folder of its base. */
  Path model() {
    return Fixtures.path(base);
  }
}
