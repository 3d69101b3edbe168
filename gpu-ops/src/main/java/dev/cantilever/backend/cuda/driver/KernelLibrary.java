package dev.cantilever.backend.cuda.driver;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/** The kernels of a device, compiled for it and loaded when first asked for. */
public final class KernelLibrary implements AutoCloseable {

  private final CudaDevice device;
  private final CubinCache cache;
  private final LaunchBuffer buffer;
  private final Map<KernelSource, CUmod_st> modules = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private @Nullable KernelCompiler compiler;

  /** A library for a device; closed before the device is. */
  public KernelLibrary(CudaDevice device, CubinCache cache) {
    this.device = device;
    this.cache = cache;
    this.buffer = new LaunchBuffer(device);
  }

  /**
   * A kernel by its name in a source.
   *
   * @throws dev.cantilever.backend.DeviceException if it cannot be compiled or loaded
   */
  public Kernel kernel(KernelSource source, String name) {
    return kernels.computeIfAbsent(name + " of " + source, key -> load(source, name));
  }

  private Kernel load(KernelSource source, String name) {
    device.enter();
    CUmod_st module = modules.computeIfAbsent(source, this::module);
    CUfunc_st function = new CUfunc_st();
    CudaStatus.check(cudart.cuModuleGetFunction(function, module, name), "find the kernel " + name);
    return new Kernel(name, function, buffer);
  }

  private CUmod_st module(KernelSource source) {
    byte[] cubin = cache.get(source, device.capability(), this::compiler);
    CUmod_st module = new CUmod_st();
    try (BytePointer image = new BytePointer(cubin)) {
      CudaStatus.check(cudart.cuModuleLoadData(module, image), "load the kernels of " + source);
    }
    return module;
  }

  private KernelCompiler compiler() {
    KernelCompiler loaded = compiler;
    if (loaded == null) {
      loaded = KernelCompiler.load();
      compiler = loaded;
    }
    return loaded;
  }

  /** Unloads everything. */
  @Override
  public void close() {
    device.enter();
    for (CUmod_st module : modules.values()) {
      CudaStatus.check(cudart.cuModuleUnload(module), "unload kernels");
    }
    modules.clear();
    kernels.clear();
    buffer.close();
  }
}
