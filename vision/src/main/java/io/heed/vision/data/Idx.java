package io.heed.vision.data;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * IDX files, the format of MNIST and Fashion-MNIST: two zero bytes, the element type (8: unsigned byte), the number of
 * dimensions, each dimension as a big-endian integer, then the elements. Gzipped or not.
 *
 * @param shape the dimensions
 * @param data  the elements, row by row
 */
public record Idx(int[] shape, byte[] data) {
    private static final int UNSIGNED_BYTE = 0x08;

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException in one line when it is no IDX file of bytes, or shorter or longer than its
     *                                  header says
     */
    public static Idx read(Path file) {
        byte[] bytes = DataFile.read(file);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        if (bytes.length < Integer.BYTES) {
            throw new IllegalArgumentException(file + " is truncated: " + bytes.length
                    + " bytes are no IDX header; fetch it again");
        }
        int magic = buffer.getInt();
        int dimensions = magic & 0xFF;
        if (magic >>> 8 != UNSIGNED_BYTE || dimensions == 0) {
            throw new IllegalArgumentException(String.format(
                    "%s is no IDX file of bytes: it begins with 0x%08x, expected 0x00000801 for labels or 0x00000803"
                            + " for images",
                    file, magic));
        }
        if (buffer.remaining() < dimensions * Integer.BYTES) {
            throw new IllegalArgumentException(file + " is truncated: its header ends early; fetch it again");
        }
        int[] shape = new int[dimensions];
        long count = 1;
        for (int i = 0; i < dimensions; i++) {
            shape[i] = buffer.getInt();
            count = shape[i] < 0 || count > Integer.MAX_VALUE ? Long.MAX_VALUE : count * shape[i];
        }
        if (count != buffer.remaining()) {
            throw new IllegalArgumentException(file + (count > buffer.remaining() ? " is truncated" : " is too long")
                    + ": its header says " + text(shape) + " bytes, " + buffer.remaining() + " follow; fetch it again");
        }
        return new Idx(shape, Arrays.copyOfRange(bytes, buffer.position(), bytes.length));
    }

    /**
     * Labelled grey images from a file of images (N, H, W) and one of labels (N).
     *
     * @throws IllegalArgumentException in one line when the files are no such pair
     */
    public static ImageSet images(Path images, Path labels) {
        Idx pixels = read(images);
        Idx classes = read(labels);
        if (pixels.shape.length != 3) {
            throw new IllegalArgumentException(images + " holds an array of " + text(pixels.shape)
                    + ", images need (number, height, width)");
        }
        if (classes.shape.length != 1) {
            throw new IllegalArgumentException(labels + " holds an array of " + text(classes.shape)
                    + ", labels need one axis");
        }
        if (pixels.shape[0] != classes.shape[0]) {
            throw new IllegalArgumentException(images + " has " + pixels.shape[0] + " images, " + labels + " has "
                    + classes.shape[0] + " labels");
        }
        int[] numbers = new int[classes.data.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = classes.data[i] & 0xFF;
        }
        return new ImageSet(1, pixels.shape[1], pixels.shape[2], pixels.data, numbers);
    }

    /** The files of {@code part} ({@code train} or {@code t10k}) in {@code folder}, under the names that are in use. */
    static ImageSet part(Path folder, String part) {
        return images(file(folder, part + "-images", "idx3-ubyte"), file(folder, part + "-labels", "idx1-ubyte"));
    }

    private static Path file(Path folder, String name, String kind) {
        List<String> names = List.of(name + "-" + kind, name + "-" + kind + ".gz", name + "." + kind, name + "." + kind
                + ".gz");
        return names.stream().map(folder::resolve).filter(Files::isRegularFile).findFirst().orElseThrow(() ->
                new IllegalArgumentException(folder + " has no " + names.getFirst() + ", gzipped or not"));
    }

    private static String text(int[] shape) {
        return Arrays.stream(shape).mapToObj(Integer::toUnsignedString).collect(Collectors.joining(" x "));
    }
}
