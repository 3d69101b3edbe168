package dev.cantilever.cli;

import static dev.cantilever.cli.Workbench.editHeader;
import static dev.cantilever.cli.Workbench.editJson;
import static dev.cantilever.cli.Workbench.truncate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Broken, hostile and mistaken input to every command, with the words that must be said of it. */
final class BadInputs {

  private static final String SHARD_1 = "model/model-00001-of-00002.safetensors";
  private static final String SHARD_2 = "model/model-00002-of-00002.safetensors";

  private BadInputs() {}

  /** All of them. */
  static Stream<BadInput> all() {
    return Stream.of(weights(), descriptions(), adapters(), texts(), recipes(), runs(), fixtures())
        .flatMap(List::stream);
  }

  private static List<BadInput> weights() {
    List<BadInput> inputs = new ArrayList<>();
    for (String command : List.of("generate", "merge", "sft", "ppo")) {
      inputs.add(
          BadInput.of(
              command,
              "a missing shard",
              b -> Files.delete(b.shard(2)),
              SHARD_2,
              "model.safetensors.index.json names it",
              "found none"));
      inputs.add(
          BadInput.of(
              command,
              "a truncated shard",
              b -> truncate(b.shard(2), 100),
              SHARD_2,
              "the file is truncated",
              "fetch it again"));
    }
    for (String command : List.of("generate", "merge")) {
      inputs.add(
          BadInput.of(
              command,
              "a header longer than its file",
              b -> {
                byte[] bytes = Files.readAllBytes(b.shard(1));
                bytes[6] = 1;
                Files.write(b.shard(1), bytes);
              },
              SHARD_1,
              "a header length of"));
      inputs.add(
          BadInput.of(
              command,
              "a header that lies about a tensor's bytes",
              b ->
                  editHeader(
                      b.shard(1),
                      "\"data_offsets\":\\[(\\d+),(\\d+)\\]",
                      "\"data_offsets\":[$1,9$2]"),
              SHARD_1,
              "'gpt_neox.embed_in.weight'",
              "data_offsets"));
      inputs.add(
          BadInput.of(
              command,
              "a type of no model",
              b -> editHeader(b.shard(1), "(attention.dense.weight\":\\{\"dtype\":\")F16", "$1I16"),
              SHARD_1,
              "attention.dense.weight",
              "BF16",
              "found I16"));
    }
    for (String command : List.of("generate", "sft", "ppo")) {
      inputs.add(
          BadInput.of(
              command,
              "a tensor of another shape",
              b -> editJson(b.path("model/config.json"), c -> c.put("intermediate_size", 768)),
              SHARD_1,
              "dense_h_to_4h",
              "of shape [768]",
              "found [1024]"));
    }
    inputs.add(
        BadInput.of(
            "ppo",
            "a truncated classifier",
            b -> truncate(b.path("judge/model.safetensors"), 10),
            "judge/model.safetensors",
            "the file is truncated"));
    return inputs;
  }

  private static List<BadInput> descriptions() {
    List<BadInput> inputs = new ArrayList<>();
    for (String command : List.of("generate", "sft", "ppo")) {
      inputs.add(
          BadInput.of(
              command,
              "an unknown model_type",
              b -> editJson(b.path("model/config.json"), c -> c.put("model_type", "novel")),
              "model/config.json",
              "'model_type'",
              "gpt_neox",
              "'novel'"));
      inputs.add(
          BadInput.of(
              command,
              "an unknown activation",
              b -> editJson(b.path("model/config.json"), c -> c.put("hidden_act", "wobble")),
              "model/config.json",
              "'hidden_act'",
              "gelu_fast",
              "'wobble'"));
    }
    for (String command : List.of("generate", "prepare", "ppo")) {
      inputs.add(
          BadInput.of(
              command,
              "a tokenizer with ids beyond the vocabulary",
              b ->
                  editJson(
                      b.path("model/tokenizer.json"),
                      t -> ((ObjectNode) t.path("model").path("vocab")).put("zyx", 9999)),
              "model/tokenizer.json",
              "vocab_size 8192",
              "9999"));
    }
    for (String command : List.of("sft", "ppo")) {
      inputs.add(
          BadInput.of(
                  command,
                  "a tokenizer other than the data's",
                  b ->
                      editJson(
                          b.path("model/tokenizer.json"),
                          t ->
                              ((ObjectNode) t.path("model").path("vocab"))
                                  .put("film", 1)
                                  .put("zyx", 2)),
                  "model/tokenizer.json",
                  "the tokenizer that prepared",
                  "run/data")
              .overTheRun());
    }
    inputs.add(
        BadInput.of(
            "generate",
            "a config cut short",
            b -> truncate(b.path("model/config.json"), 40),
            "model/config.json",
            "a JSON object"));
    inputs.add(
        BadInput.of("generate", "a model that is not there", b -> {}, "none", "found nothing")
            .with("--model", "WORK/none"));
    inputs.add(
        BadInput.of("ppo", "a model that is not there", b -> {}, "none", "found none")
            .with("--model", "WORK/none"));
    inputs.add(
        BadInput.of(
                "ppo", "a classifier for a model", b -> {}, "judge", "expected a language model")
            .with("--model", "WORK/judge"));
    inputs.add(
        BadInput.of("ppo", "a classifier that is not there", b -> {}, "none", "found nothing")
            .with("--set", "reward.model=WORK/none"));
    inputs.add(
        BadInput.of("ppo", "a model for a classifier", b -> {}, "model", "'score.weight'")
            .with("--set", "reward.model=WORK/model"));
    inputs.add(
        BadInput.of(
                "ppo",
                "a label that the classifier has not",
                b -> {},
                "judge/config.json",
                "'HAPPY'",
                "[NEGATIVE, POSITIVE]",
                "reward.label")
            .with("--set", "reward.label=HAPPY"));
    return inputs;
  }

  private static List<BadInput> adapters() {
    return List.of(
        BadInput.of("generate", "no adapter", b -> {}, "none", "found nothing")
            .with("--adapter", "WORK/none"),
        BadInput.of("ppo", "no adapter", b -> {}, "none/adapter_config.json")
            .with("--adapter", "WORK/none"),
        BadInput.of(
                "merge",
                "a truncated adapter",
                b -> truncate(b.path("adapter/adapter_model.safetensors"), 8),
                "adapter/adapter_model.safetensors",
                "the file is truncated")
            .andAgain(),
        BadInput.of(
            "merge",
            "an adapter of another base",
            b ->
                editHeader(
                    b.path("adapter/adapter_model.safetensors"),
                    "F32\",\"shape\":\\[2,256\\]",
                    "F64\",\"shape\":[2,128]"),
            SHARD_1,
            "attention.dense.weight",
            "of shape [256, 128]",
            "adapter/adapter_model.safetensors",
            "found [256, 256]"));
  }

  private static List<BadInput> texts() {
    return List.of(
        BadInput.of(
            "prepare",
            "an empty dataset",
            b -> Files.write(b.path("texts.jsonl"), new byte[0]),
            "texts.jsonl",
            "at least one row"),
        BadInput.of(
            "ppo",
            "an empty dataset",
            b -> Files.write(b.path("texts.jsonl"), new byte[0]),
            "texts.jsonl",
            "at least one row"),
        BadInput.of(
            "prepare",
            "blank lines alone",
            b -> Files.writeString(b.path("texts.jsonl"), "\n\n\n"),
            "texts.jsonl",
            "at least one training row",
            "0 rows"),
        BadInput.of(
            "prepare",
            "rows without the text field",
            b -> Files.write(b.path("texts.jsonl"), withoutText(20)),
            "texts.jsonl",
            "a text field 'text'",
            "[body]"),
        BadInput.of(
            "prepare",
            "too many rows without the text field",
            b -> {
              List<String> rows = new ArrayList<>(Workbench.rows(20));
              rows.addAll(withoutText(3));
              Files.write(b.path("texts.jsonl"), rows);
            },
            "texts.jsonl",
            "3 of 23 (missing_text 3)",
            "line 21",
            "prepare.max_bad_share"),
        BadInput.of(
                "prepare",
                "a table without the column",
                b -> Files.writeString(b.path("table.csv"), "a,b\n1,2\n"),
                "table.csv",
                "'text'",
                "[a, b]")
            .with("--set", "prepare.input=WORK/table.csv"),
        BadInput.of("prepare", "no dataset", b -> {}, "none.jsonl", "nothing there")
            .with("--set", "prepare.input=WORK/none.jsonl"));
  }

  /** Rows that lack the field that is asked for. */
  static List<String> withoutText(int count) {
    return Workbench.rows(count).stream().map(row -> row.replace("text\":", "body\":")).toList();
  }

  private static List<BadInput> recipes() {
    List<BadInput> inputs = new ArrayList<>();
    for (String command : List.of("generate", "prepare", "sft", "ppo", "merge", "parity")) {
      inputs.add(
          BadInput.of(
                  command,
                  "a key that does not exist",
                  b -> {},
                  "--set: ppo.bacth.rows",
                  "the nearest is 'batch'")
              .with("--set", "ppo.bacth.rows=8"));
    }
    inputs.add(
        BadInput.of(
                "ppo",
                "a key in the recipe that does not exist",
                b -> Files.writeString(b.path("recipe.yaml"), "ppo:\n  steps: 3\n"),
                "recipe.yaml, line 2",
                "ppo.steps",
                "legal: batch")
            .with("--recipe", "WORK/recipe.yaml"));
    inputs.add(
        BadInput.of("ppo", "a batch that does not divide", b -> {}, "rows=4", "mini_batch_size=3")
            .with("--set", "ppo.batch.mini_batch_size=3"));
    return inputs;
  }

  private static List<BadInput> runs() {
    List<BadInput> inputs = new ArrayList<>();
    for (String command : List.of("prepare", "sft", "ppo", "merge")) {
      inputs.add(
          BadInput.of(command, "--out that is a file", b -> {}, "texts.jsonl", "found a file")
              .with("--out", "WORK/texts.jsonl"));
    }
    inputs.add(
        BadInput.of("ppo", "--out below a file", b -> {}, "texts.jsonl/run", "Not a directory")
            .with("--out", "WORK/texts.jsonl/run"));
    inputs.add(
        BadInput.of("merge", "--out with files in it", b -> {}, "model", "found files")
            .with("--out", "WORK/model"));
    for (String command : List.of("sft", "ppo")) {
      inputs.add(
          BadInput.of(
                  command,
                  "prepared data cut short",
                  b -> truncate(b.path("run/data/tokens-00000.parquet"), 5),
                  "run/data",
                  "tokens-00000.parquet")
              .overTheRun());
    }
    return inputs;
  }

  private static List<BadInput> fixtures() {
    return List.of(
        BadInput.of("parity", "no fixture", b -> {}, "none", "found none")
            .with("--int8", "WORK/none"),
        BadInput.of(
            "parity",
            "a truncated fixture",
            b -> truncate(b.path("fixture/golden.safetensors"), 4),
            "fixture/golden.safetensors",
            "the file is truncated"),
        BadInput.of(
            "parity",
            "a tensor of another shape",
            b -> editHeader(b.path("fixture/model.safetensors"), "\\[144,48\\]", "[48,144]"),
            "fixture/model.safetensors",
            "query_key_value.weight",
            "found [48, 144]"),
        BadInput.of(
            "parity",
            "an unknown model_type",
            b -> editJson(b.path("fixture/config.json"), c -> c.put("model_type", "novel")),
            "fixture/config.json",
            "'novel'"));
  }
}
