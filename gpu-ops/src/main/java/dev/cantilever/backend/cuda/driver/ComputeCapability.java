package dev.cantilever.backend.cuda.driver;

/**
 * Generation of a device's instruction set.
 *
 * @param major 8 for Ampere and Ada, 9 for Hopper, 12 for consumer Blackwell
 * @param minor step within the generation
 */
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {

  /** The oldest that kernels are written for: bf16 tensor cores and asynchronous copies. */
  public static final ComputeCapability OLDEST = new ComputeCapability(8, 0);

  /** H100, H200: warpgroup products, bulk copies, thread block clusters. */
  public static final ComputeCapability HOPPER = new ComputeCapability(9, 0);

  /** The name machine code is compiled for, for example {@code "sm_90"}. */
  public String target() {
    return "sm_" + major + minor;
  }

  @Override
  public int compareTo(ComputeCapability other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
