package dev.cantilever.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Descriptions of Llamas that are too large to keep, or have no checkpoint. */
public final class LlamaConfigs {

  private LlamaConfigs() {}

  /** Llama 3.1 8B. */
  public static Path llama8b(Path folder) throws IOException {
    return write(
        folder,
        """
        {"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32,
         "num_key_value_heads": 8, "num_hidden_layers": 32, "intermediate_size": 14336,
         "vocab_size": 128256, "hidden_act": "silu", "max_position_embeddings": 131072,
         "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "torch_dtype": "bfloat16",
         "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                          "original_max_position_embeddings": 8192, "rope_type": "llama3"}}
        """);
  }

  /** A small one of two key heads. */
  public static Path tiny(Path folder) throws IOException {
    return write(
        folder,
        """
        {"model_type": "llama", "hidden_size": 128, "num_attention_heads": 4,
         "num_key_value_heads": 2, "num_hidden_layers": 3, "intermediate_size": 320,
         "vocab_size": 160, "hidden_act": "silu", "max_position_embeddings": 64,
         "torch_dtype": "float16"}
        """);
  }

  private static Path write(Path folder, String config) throws IOException {
    return Files.writeString(folder.resolve("llama.json"), config);
  }
}
