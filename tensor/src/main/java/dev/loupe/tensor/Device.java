package dev.loupe.tensor;

import org.bytedeco.pytorch.global.torch;

/** Where a tensor lives and is computed. */
public sealed interface Device {
  /** The processor. */
  record Cpu() implements Device {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /**
   * An NVIDIA accelerator.
   *
   * @param index its number, from 0
   */
  record Cuda(int index) implements Device {
    /** Refuses a negative number. */
    public Cuda {
      if (index < 0) {
        throw new IllegalArgumentException("cuda index " + index + ": expected 0 or more");
      }
    }

    @Override
    public String toString() {
      return "cuda:" + index;
    }
  }

  /** Returns the processor. */
  static Device cpu() {
    return new Cpu();
  }

  /** Reads {@code cpu}, {@code cuda} or {@code cuda:n}; anything else is refused. */
  static Device parse(String text) {
    if (text.equals("cpu")) {
      return cpu();
    }
    if (text.equals("cuda")) {
      return new Cuda(0);
    }
    if (text.matches("cuda:\\d{1,3}")) {
      return new Cuda(Integer.parseInt(text.substring(5)));
    }
    throw new IllegalArgumentException(
        "device \"" + text + "\": expected cpu, cuda or cuda:n with n from 0");
  }

  /**
   * Checks that the device can be used here.
   *
   * @throws TensorException where the native library at hand has no such accelerator
   */
  default Device require() {
    if (this instanceof Cuda(int index)) {
      Torch.load();
      int found = torch.cuda_is_available() ? torch.cuda_device_count() : (byte) 0;
      if (index >= found) {
        throw new TensorException(
            this
                + ": libtorch sees "
                + found
                + " CUDA devices here; use --device cpu, or put the CUDA build of"
                + " org.bytedeco:pytorch (classifier ending in -gpu) on the class path");
      }
    }
    return this;
  }
}
