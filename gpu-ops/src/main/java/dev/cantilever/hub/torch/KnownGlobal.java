package dev.cantilever.hub.torch;

import dev.cantilever.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The names that a model's state dict may mention; nothing else of Python is known here. */
enum KnownGlobal {
  ORDERED_DICT("collections.OrderedDict"),
  REBUILD_TENSOR("torch._utils._rebuild_tensor_v2"),
  REBUILD_TENSOR_WITH_TYPE("torch._utils._rebuild_tensor_v3"),
  REBUILD_PARAMETER("torch._utils._rebuild_parameter"),

  DOUBLE_STORAGE("torch.DoubleStorage", Optional.of(DType.F64), Optional.empty()),
  FLOAT_STORAGE("torch.FloatStorage", Optional.of(DType.F32), Optional.empty()),
  HALF_STORAGE("torch.HalfStorage", Optional.of(DType.F16), Optional.empty()),
  BFLOAT16_STORAGE("torch.BFloat16Storage", Optional.of(DType.BF16), Optional.empty()),
  LONG_STORAGE("torch.LongStorage", Optional.of(DType.I64), Optional.empty()),
  INT_STORAGE("torch.IntStorage", Optional.of(DType.I32), Optional.empty()),
  SHORT_STORAGE("torch.ShortStorage", Optional.of(DType.I16), Optional.empty()),
  CHAR_STORAGE("torch.CharStorage", Optional.of(DType.I8), Optional.empty()),
  BYTE_STORAGE("torch.ByteStorage", Optional.of(DType.U8), Optional.empty()),
  BOOL_STORAGE("torch.BoolStorage", Optional.of(DType.BOOL), Optional.empty()),
  /** Counted in bytes; its tensors say their type. */
  UNTYPED_STORAGE("torch.storage.UntypedStorage", Optional.of(DType.U8), Optional.empty()),

  FLOAT64("torch.float64", Optional.empty(), Optional.of(DType.F64)),
  FLOAT32("torch.float32", Optional.empty(), Optional.of(DType.F32)),
  FLOAT16("torch.float16", Optional.empty(), Optional.of(DType.F16)),
  BFLOAT16("torch.bfloat16", Optional.empty(), Optional.of(DType.BF16)),
  INT64("torch.int64", Optional.empty(), Optional.of(DType.I64)),
  INT32("torch.int32", Optional.empty(), Optional.of(DType.I32)),
  INT16("torch.int16", Optional.empty(), Optional.of(DType.I16)),
  INT8("torch.int8", Optional.empty(), Optional.of(DType.I8)),
  UINT8("torch.uint8", Optional.empty(), Optional.of(DType.U8)),
  BOOL("torch.bool", Optional.empty(), Optional.of(DType.BOOL));

  private final String path;
  private final Optional<DType> storageType;
  private final Optional<DType> elementType;

  KnownGlobal(String path) {
    this(path, Optional.empty(), Optional.empty());
  }

  KnownGlobal(String path, Optional<DType> storageType, Optional<DType> elementType) {
    this.path = path;
    this.storageType = storageType;
    this.elementType = elementType;
  }

  static Optional<KnownGlobal> of(String path) {
    return Arrays.stream(values()).filter(global -> global.path.equals(path)).findFirst();
  }

  /** The element type of a storage, nothing for what is none. */
  Optional<DType> storageType() {
    return storageType;
  }

  /** The type that this names, nothing for what names none. */
  Optional<DType> elementType() {
    return elementType;
  }

  /** What files may mention, for messages. */
  static List<String> paths() {
    return Arrays.stream(values()).map(global -> global.path).toList();
  }

  @Override
  public String toString() {
    return path;
  }
}
