package dev.cantilever.backend.meta;

import dev.cantilever.backend.Capabilities;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import java.util.Set;

/** Devices to plan for that exist in tests only. */
final class Profiles {

  private static final Capabilities ALL =
      new Capabilities(
          Set.of(DType.F32, DType.F16, DType.BF16),
          Set.of(Int8Mode.values()),
          DType.F32,
          DType.F32);

  /** Int8 row by row without padding, no panels, no workspace. */
  static final DeviceProfile PLAIN =
      new DeviceProfile("plain", 64, false, 0, ALL, (out, in) -> (long) out * in, w -> 0);

  /** Int8 in tiles of 32 rows and 16 columns, F32 panels, 3 MiB of workspace; no F32 weights. */
  static final DeviceProfile TILED =
      new DeviceProfile(
          "tiled",
          256,
          false,
          3 << 20,
          new Capabilities(
              Set.of(DType.F16, DType.BF16), Set.of(Int8Mode.WEIGHT_ONLY), DType.BF16, DType.BF16),
          (out, in) -> (out + 31L) / 32 * 32 * ((in + 15L) / 16 * 16),
          w -> 4L * w.outFeatures() * w.inFeatures());

  private Profiles() {}

  /**
   * A card as planned for: one reservation, alignment of 256 and 1 GiB for context and libraries.
   */
  static DeviceProfile card() {
    return new DeviceProfile(
        "card", 256, true, 1L << 30, ALL, (out, in) -> (long) out * in, w -> 0);
  }
}
