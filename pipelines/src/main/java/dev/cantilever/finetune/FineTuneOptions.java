package dev.cantilever.finetune;

import java.util.List;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;

/** The options of {@link FineTunePipeline#main}, beside those of the runner. */
public interface FineTuneOptions extends PipelineOptions {

  @Description("Directory of the base model, HF layout, the same path on every worker")
  @Validation.Required
  String getModel();

  void setModel(String directory);

  @Description("Directory of the prepared data, the same path on every worker")
  @Validation.Required
  String getData();

  void setData(String directory);

  @Description("Directory in which the adapter appears, PEFT layout")
  @Validation.Required
  String getAdapter();

  void setAdapter(String directory);

  @Description("Settings of the sections sft, lora and run, such as sft.epochs=2; repeatable")
  List<String> getSet();

  void setSet(List<String> settings);
}
