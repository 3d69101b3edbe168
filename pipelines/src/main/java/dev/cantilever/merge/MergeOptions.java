package dev.cantilever.merge;

import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;

/** What {@link MergePipeline} takes on a command line of its own. */
public interface MergeOptions extends PipelineOptions {

  @Description("Directory of the base model in HF layout")
  @Validation.Required
  String getModel();

  void setModel(String model);

  @Description("Directory of the adapter in PEFT layout")
  @Validation.Required
  String getAdapter();

  void setAdapter(String adapter);

  @Description("Directory of the result; does not exist yet, or is empty")
  @Validation.Required
  String getOut();

  void setOut(String out);
}
