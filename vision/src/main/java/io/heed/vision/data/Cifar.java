package io.heed.vision.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * CIFAR's binary files: records of one label byte (CIFAR-10) or a coarse and a fine label byte (CIFAR-100), then 3 x 32
 * x 32 bytes of red, green and blue planes. Gzipped or not.
 */
public final class Cifar {
    private static final int SIDE = 32;
    private static final int PIXELS = 3 * SIDE * SIDE;

    private Cifar() { }

    /** CIFAR-10 in {@code folder} or in {@code cifar-10-batches-bin} below it. */
    static StoredImages ten(Path folder, String id) {
        Path files = below(folder, "cifar-10-batches-bin");
        List<Path> batches = new ArrayList<>();
        for (int batch = 1; batch <= 5; batch++) {
            batches.add(file(files, "data_batch_" + batch + ".bin"));
        }
        return StoredImages.of(id, id + " in " + folder, names(files, "batches.meta.txt", 10), read(batches, 1),
                read(List.of(file(files, "test_batch.bin")), 1), new Augmentation(4, true));
    }

    /** CIFAR-100 in {@code folder} or in {@code cifar-100-binary} below it, by its fine labels. */
    static StoredImages hundred(Path folder, String id) {
        Path files = below(folder, "cifar-100-binary");
        return StoredImages.of(id, id + " in " + folder, names(files, "fine_label_names.txt", 100),
                read(List.of(file(files, "train.bin")), 2), read(List.of(file(files, "test.bin")), 2),
                new Augmentation(4, true));
    }

    /**
     * The records of some files, one after the other.
     *
     * @param labels label bytes before each image: 1, or 2 of which the second counts
     * @throws IllegalArgumentException in one line when a file is no whole number of records
     */
    public static ImageSet read(List<Path> files, int labels) {
        int record = labels + PIXELS;
        List<byte[]> contents = new ArrayList<>();
        int count = 0;
        for (Path file : files) {
            byte[] bytes = DataFile.read(file);
            if (bytes.length == 0 || bytes.length % record != 0) {
                throw new IllegalArgumentException(file + " has " + bytes.length
                        + " bytes, which is no multiple of the " + record + " of a CIFAR record; fetch it again");
            }
            contents.add(bytes);
            count = Math.addExact(count, bytes.length / record);
        }
        byte[] pixels = new byte[Math.multiplyExact(count, PIXELS)];
        int[] classes = new int[count];
        int image = 0;
        for (byte[] bytes : contents) {
            for (int at = 0; at < bytes.length; at += record, image++) {
                classes[image] = bytes[at + labels - 1] & 0xFF;
                System.arraycopy(bytes, at + labels, pixels, image * PIXELS, PIXELS);
            }
        }
        return new ImageSet(3, SIDE, SIDE, pixels, classes);
    }

    private static Path below(Path folder, String name) {
        return Files.isDirectory(folder.resolve(name)) ? folder.resolve(name) : folder;
    }

    private static Path file(Path folder, String name) {
        for (Path file : List.of(folder.resolve(name), folder.resolve(name + ".gz"))) {
            if (Files.isRegularFile(file)) {
                return file;
            }
        }
        throw new IllegalArgumentException(folder + " has no " + name + "; CIFAR's binary version is needed");
    }

    /** The classes' names where the file is there, else their numbers. */
    private static List<String> names(Path folder, String file, int count) {
        List<String> names = new ArrayList<>();
        if (Files.isRegularFile(folder.resolve(file))) {
            try {
                Files.readAllLines(folder.resolve(file)).stream().map(String::strip).filter(line -> !line.isEmpty())
                        .limit(count).forEach(names::add);
            } catch (IOException e) {
                throw new IllegalArgumentException(folder.resolve(file) + " cannot be read: " + e.getMessage(), e);
            }
        }
        for (int label = names.size(); label < count; label++) {
            names.add(Integer.toString(label));
        }
        return names;
    }
}
