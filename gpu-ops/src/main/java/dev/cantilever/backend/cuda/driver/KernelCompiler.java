package dev.cantilever.backend.cuda.driver;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.cantilever.backend.DeviceException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Loader;

/**
 * NVRTC: CUDA C++ to machine code of one architecture, without a GPU, a driver or CUDA headers.
 *
 * <p>The library is taken from the machine's CUDA installation (found as any shared library is), or
 * from the artifact {@code org.bytedeco:cuda-redist} where that is on the class path.
 */
public final class KernelCompiler {

  /** Major version of CUDA whose machine code a driver must accept. */
  public static final int CUDA_MAJOR = 13;

  private static final String LIBRARY = "libnvrtc.so." + CUDA_MAJOR;
  private static final String REDISTRIBUTED = "/org/bytedeco/cuda/linux-x86_64/";
  private static final List<String> BUILTINS =
      List.of("libnvrtc-builtins.so." + CUDA_MAJOR + ".3", "libnvrtc-builtins.so." + CUDA_MAJOR);

  private final NvrtcFunctions nvrtc;

  private KernelCompiler(NvrtcFunctions nvrtc) {
    this.nvrtc = nvrtc;
  }

  /**
   * Loads NVRTC.
   *
   * @throws DeviceException if there is none of the right version
   */
  public static KernelCompiler load() {
    NvrtcFunctions nvrtc = library();
    IntByReference major = new IntByReference();
    IntByReference minor = new IntByReference();
    int status = nvrtc.nvrtcVersion(major, minor);
    if (status != 0 || major.getValue() != CUDA_MAJOR) {
      throw new DeviceException(
          "Expected the kernel compiler NVRTC of CUDA %d, found version %d.%d (status %d). Put the library folder of CUDA %d first in LD_LIBRARY_PATH."
              .formatted(CUDA_MAJOR, major.getValue(), minor.getValue(), status, CUDA_MAJOR));
    }
    return new KernelCompiler(nvrtc);
  }

  private static NvrtcFunctions library() {
    if (KernelCompiler.class.getResource(REDISTRIBUTED + LIBRARY) != null) {
      try {
        for (String builtins : BUILTINS) {
          if (KernelCompiler.class.getResource(REDISTRIBUTED + builtins) != null) {
            System.load(extracted(builtins));
          }
        }
        return Native.load(extracted(LIBRARY), NvrtcFunctions.class);
      } catch (IOException e) {
        throw new DeviceException(
            "Expected to unpack %s, but: %s. Free some space or set org.bytedeco.javacpp.cachedir."
                .formatted(LIBRARY, e));
      }
    }
    try {
      return Native.load(LIBRARY, NvrtcFunctions.class);
    } catch (UnsatisfiedLinkError e) {
      throw new DeviceException(
          "Expected the kernel compiler %s of CUDA %d, found none. Install the CUDA %d runtime libraries and put their folder in LD_LIBRARY_PATH, or add org.bytedeco:cuda-redist to the class path."
              .formatted(LIBRARY, CUDA_MAJOR, CUDA_MAJOR));
    }
  }

  private static String extracted(String library) throws IOException {
    File file = Loader.cacheResource(KernelCompiler.class.getResource(REDISTRIBUTED + library));
    return file.getAbsolutePath();
  }

  /** What a compilation left: machine code, and what the assembler said about each kernel. */
  public record Compiled(byte[] cubin, String log) {}

  /**
   * Compiles a file.
   *
   * @throws DeviceException with the compiler's messages, if it does not compile
   */
  public Compiled compile(KernelSource source, ComputeCapability target) {
    PointerByReference program = new PointerByReference();
    List<String> headers = source.headers();
    check(
        nvrtc.nvrtcCreateProgram(
            program,
            source.text(),
            source.file(),
            headers.size(),
            headers.stream().map(source::included).toArray(String[]::new),
            headers.toArray(String[]::new)),
        source);
    try {
      String[] options = options(source, target).toArray(new String[0]);
      int status = nvrtc.nvrtcCompileProgram(program.getValue(), options.length, options);
      String log = log(program.getValue());
      if (status != 0) {
        throw new DeviceException(
            "Expected %s to compile for %s, found:%n%s%nReport this with the version of CUDA."
                .formatted(source, source.target(target), log));
      }
      LongByReference size = new LongByReference();
      check(nvrtc.nvrtcGetCUBINSize(program.getValue(), size), source);
      byte[] cubin = new byte[Math.toIntExact(size.getValue())];
      check(nvrtc.nvrtcGetCUBIN(program.getValue(), cubin), source);
      return new Compiled(cubin, log);
    } finally {
      nvrtc.nvrtcDestroyProgram(program);
    }
  }

  /** What {@link CubinCache} keys by, beside the texts. */
  static List<String> options(KernelSource source, ComputeCapability target) {
    List<String> options = new ArrayList<>();
    options.add("--gpu-architecture=" + source.target(target));
    options.add("--std=c++17");
    options.add("--ptxas-options=-v");
    source.definitions().forEach(definition -> options.add("--define-macro=" + definition));
    return options;
  }

  private String log(Pointer program) {
    LongByReference size = new LongByReference();
    nvrtc.nvrtcGetProgramLogSize(program, size);
    byte[] log = new byte[(int) Math.max(1, size.getValue())];
    nvrtc.nvrtcGetProgramLog(program, log);
    return new String(log, 0, log.length - 1, StandardCharsets.UTF_8);
  }

  private void check(int status, KernelSource source) {
    if (status != 0) {
      throw new DeviceException(
          "Expected NVRTC to take %s, found error %s. Check the installation of CUDA."
              .formatted(source, nvrtc.nvrtcGetErrorString(status)));
    }
  }
}
