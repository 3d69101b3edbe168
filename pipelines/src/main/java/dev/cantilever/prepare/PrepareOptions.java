package dev.cantilever.prepare;

import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;

/** The options of {@link PreparePipeline#main}, beside those of the runner. */
public interface PrepareOptions extends PipelineOptions {

  @Description("Model directory of the policy, for its tokenizer.json and config.json")
  @Validation.Required
  String getTokenizer();

  void setTokenizer(String directory);

  @Description("Directory for the prepared data, the same path on every worker")
  @Validation.Required
  String getData();

  void setData(String directory);

  @Description("Settings of the section prepare, such as prepare.input=reviews.jsonl; repeatable")
  List<String> getSet();

  void setSet(List<String> settings);

  @Description("Seed of the split between training and held-out documents")
  @Default.Long(0)
  long getSeed();

  void setSeed(long seed);

  @Description("Name of the run, written into the manifest")
  @Default.String("prepare")
  String getRunName();

  void setRunName(String name);
}
