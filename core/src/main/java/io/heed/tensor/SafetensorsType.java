package io.heed.tensor;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** The element types that Heed reads and writes. */
public enum SafetensorsType {
    F64(8), F32(4), F16(2), BF16(2), I64(8), I32(4), U8(1), BOOL(1);

    private final int bytes;

    SafetensorsType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** libtorch's type of the same elements. */
    public ScalarType torchType() {
        return switch (this) {
            case F64 -> ScalarType.Double;
            case F32 -> ScalarType.Float;
            case F16 -> ScalarType.Half;
            case BF16 -> ScalarType.BFloat16;
            case I64 -> ScalarType.Long;
            case I32 -> ScalarType.Int;
            case U8 -> ScalarType.Byte;
            case BOOL -> ScalarType.Bool;
        };
    }

    /** The type of libtorch's elements, where there is one. */
    static Optional<SafetensorsType> of(ScalarType type) {
        return Arrays.stream(values()).filter(candidate -> candidate.torchType() == type).findFirst();
    }

    static Optional<SafetensorsType> named(String name) {
        return Arrays.stream(values()).filter(candidate -> candidate.name().equals(name)).findFirst();
    }

    static String names() {
        return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
    }
}
