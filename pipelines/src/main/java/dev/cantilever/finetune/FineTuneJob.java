package dev.cantilever.finetune;

import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.manifest.Digests;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * A fine-tuning, but for its rows.
 *
 * @param spec how
 * @param lora which adapter
 * @param device where
 * @param base over which base
 * @param adapterOut directory in which the adapter appears, the same path on every worker
 * @param seed of the run
 */
record FineTuneJob(
    FineTuneSpec spec,
    LoraSpec lora,
    DeviceSpec device,
    ModelRef base,
    String adapterOut,
    long seed)
    implements Serializable {

  /** Where the adapter appears. */
  Path adapter() {
    return Path.of(adapterOut);
  }

  /** Digest of the rows and settings that make the adapter. */
  String inputs(FineTuneRows rows) {
    return Digests.sha256(
        String.join(
            "\n",
            spec.toString(),
            lora.toString(),
            device.backend().toString(),
            device.int8Mode().toString(),
            base.digest(),
            rows.digest(),
            Long.toString(seed)));
  }
}
