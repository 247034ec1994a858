package dev.loupe.tensor;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Loads the native library once, with the thread settings that were measured to be right. */
final class Torch {
  static {
    // The guards of JavaCPP call System.gc() by resident size, which scopes make pointless.
    setDefault("org.bytedeco.javacpp.maxBytes", "0");
    setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    // OpenMP and OpenBLAS each bring a pool; on few cores the two fight and a product takes
    // 20 times as long. ATen stays at one thread, the matrix products get the cores.
    torch.set_num_threads(1);
    Loader.load(openblas.class);
    openblas.blas_set_num_threads(Runtime.getRuntime().availableProcessors());
  }

  private Torch() {}

  /** Runs the static initialiser. */
  static void load() {}

  static void blasThreads(int threads) {
    openblas.blas_set_num_threads(threads);
  }

  static int blasThreads() {
    return openblas.blas_get_num_threads();
  }

  static TensorOptions options(DType dtype, Device device) {
    var options = new TensorOptions(dtype.scalarType());
    return switch (device) {
      case Device.Cpu cpu -> options;
      case Device.Cuda cuda ->
          options.device(new DeviceOptional(new org.bytedeco.pytorch.Device(cuda.toString())));
    };
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}
