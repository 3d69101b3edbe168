package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.io.IOException;

/**
 * Copies between host and device and on the device. Downloads wait for the device; sizes must agree
 * exactly.
 *
 * <p>The backend of shapes only ({@code meta}) moves nothing: a download leaves its target as it
 * is.
 */
public interface Transfers {

  /** Copies {@code target.bytes()} bytes from a host address. */
  void upload(Tensor target, long hostAddress);

  /**
   * Copies {@code target.bytes()} bytes that a source writes, part by part: later parts are read
   * while earlier ones are on their way. When this returns, all has been read; where it throws,
   * nothing is being read any more, and what the tensor holds is undefined.
   *
   * @throws IOException the source's, as it was thrown there
   */
  void upload(Tensor target, HostSource source) throws IOException;

  /** Copies host values into an F32 tensor. */
  void upload(Tensor target, float[] values);

  /** Copies host values into an I32 tensor. */
  void upload(Tensor target, int[] values);

  /** Copies host values into an I64 tensor. */
  void upload(Tensor target, long[] values);

  /** Copies {@code source.bytes()} bytes to a host address. */
  void download(long hostAddress, Tensor source);

  /** Copies an F32 tensor to the host. */
  void download(float[] target, Tensor source);

  /** Copies an I32 tensor to the host. */
  void download(int[] target, Tensor source);

  /** Copies one tensor to another of the same type and number of elements. */
  void copy(Tensor target, Tensor source);

  /** Sets every byte to zero. */
  void zero(Tensor target);

  /** Widens or narrows values between F32, F16 and BF16; rounds to nearest, ties to even. */
  void convert(Tensor target, Tensor source);

  /**
   * Fills a tensor with random numbers uniform in [−bound, bound], made on the device. Element e
   * depends on the key and on e alone: with w the word {@code e mod 4} of Philox4x32-10 at key and
   * counter (low and high half of ⌊e/4⌋, 3, 0), bound·(2·⌊w/2⁸⌋·2⁻²⁴ − 1) in fp32, rounded to the
   * element type to nearest, ties to even.
   *
   * @param target F32, F16 or BF16
   */
  void fillUniform(Tensor target, float bound, long key);
}
