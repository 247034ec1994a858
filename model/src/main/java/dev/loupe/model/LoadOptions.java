package dev.loupe.model;

import dev.loupe.model.hub.DownloadProgress;
import dev.loupe.model.hub.HubConfig;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Device;
import java.util.Set;

/**
 * How a model is loaded.
 *
 * @param processing what is done to its weights
 * @param dtype what they are widened or narrowed to; a floating-point type
 * @param device where they go
 * @param revision the branch, tag or commit, of a model from the hub
 * @param hub where the hub is and what is already downloaded
 * @param progress told of downloads
 * @param ignoredConfigFields config fields that Loupe does not know and the user vouches for
 */
public record LoadOptions(
    WeightProcessing processing,
    DType dtype,
    Device device,
    String revision,
    HubConfig hub,
    DownloadProgress progress,
    Set<String> ignoredConfigFields) {
  /** The revision that is meant where none is named. */
  static final String MAIN = "main";

  /** Refuses a type that is not floating-point. */
  public LoadOptions {
    if (!dtype.isFloating()) {
      throw new IllegalArgumentException("dtype " + dtype + ": expected F32, F64, F16 or BF16");
    }
    ignoredConfigFields = Set.copyOf(ignoredConfigFields);
  }

  /** Returns standard processing in F32 on the processor, the hub as the environment says. */
  public static LoadOptions standard() {
    return new LoadOptions(
        WeightProcessing.standard(),
        DType.F32,
        Device.cpu(),
        MAIN,
        HubConfig.fromEnvironment(System.getenv()),
        DownloadProgress.none(),
        Set.of());
  }

  /** Returns these options with weights as stored. */
  public LoadOptions raw() {
    return withProcessing(WeightProcessing.none());
  }

  /** Returns these options with another processing. */
  public LoadOptions withProcessing(WeightProcessing changed) {
    return new LoadOptions(changed, dtype, device, revision, hub, progress, ignoredConfigFields);
  }

  /** Returns these options with another type. */
  public LoadOptions withDType(DType changed) {
    return new LoadOptions(
        processing, changed, device, revision, hub, progress, ignoredConfigFields);
  }

  /** Returns these options with another device. */
  public LoadOptions on(Device changed) {
    return new LoadOptions(
        processing, dtype, changed, revision, hub, progress, ignoredConfigFields);
  }

  /** Returns these options with another revision of the hub model. */
  public LoadOptions withRevision(String changed) {
    return new LoadOptions(processing, dtype, device, changed, hub, progress, ignoredConfigFields);
  }

  /** Returns these options with another hub. */
  public LoadOptions withHub(HubConfig changed) {
    return new LoadOptions(
        processing, dtype, device, revision, changed, progress, ignoredConfigFields);
  }

  /** Returns these options telling of downloads. */
  public LoadOptions reportingTo(DownloadProgress changed) {
    return new LoadOptions(processing, dtype, device, revision, hub, changed, ignoredConfigFields);
  }

  /** Returns these options vouching for config fields. */
  public LoadOptions ignoring(Set<String> fields) {
    return new LoadOptions(processing, dtype, device, revision, hub, progress, fields);
  }
}
