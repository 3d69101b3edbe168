package dev.cantilever.train;

import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;

/** What {@link PpoPipeline} is told on Beam's command line, beside the runner's options. */
public interface PpoOptions extends PipelineOptions {

  /** The run directory. */
  @Description("Run directory whose data are prepared; its recipe.yaml has all settings")
  @Validation.Required
  String getRun();

  /** Sets the run directory. */
  void setRun(String run);
}
