package dev.cantilever.cli;

/**
 * The options that mean the same in every command that takes them. Each is a short way to set a key
 * of the recipe's section {@code run}.
 */
enum CommonOption {
  MODEL(
      "--model",
      "run.model",
      "DIR",
      "base model in HF layout; its config.json where no weights are needed"),
  ADAPTER("--adapter", "run.adapter", "DIR", "adapter in PEFT layout"),
  BACKEND("--backend", "run.backend", "cpu|cuda", "where to compute; cuda without a GPU fails"),
  BUDGET(
      "--budget",
      "run.budget",
      "24GiB",
      "hard ceiling of device memory, else half of the machine's; on cuda what the card has free"
          + " less 512MiB, or 24GiB where plan finds no card"),
  INT8_MODE(
      "--int8-mode",
      "run.int8_mode",
      "weight-only|llm-int8",
      "how products with int8 weights are executed"),
  SEED("--seed", "run.seed", "N", "seed of everything random");

  private final String option;
  private final String key;
  private final String label;
  private final String description;

  CommonOption(String option, String key, String label, String description) {
    this.option = option;
    this.key = key;
    this.label = label;
    this.description = description;
  }

  String option() {
    return option;
  }

  String key() {
    return key;
  }

  String label() {
    return label;
  }

  String description() {
    return description;
  }
}
