package io.heed.vision.data;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

import io.heed.data.CounterRandom;

/**
 * A folder of images by class: {@code DIR/class/file}, split by chance (80% train, 10% validation, 10% test, from the
 * images' order), or {@code DIR/train/class/file} beside {@code val} or {@code validation} and {@code test}. What
 * {@link ImageIO} reads is read (PNG, JPEG, GIF, BMP); each image is scaled so that its shorter side fits and cut to a
 * square around its middle.
 */
public final class ImageFolder {
    private static final Set<String> KINDS = Set.of("png", "jpg", "jpeg", "gif", "bmp");
    private static final List<List<String>> PARTS = List.of(List.of("train", "training"),
            List.of("val", "validation", "valid"), List.of("test"));
    private static final long LARGEST = Integer.MAX_VALUE - 64;

    private ImageFolder() { }

    /**
     * Reads the folder.
     *
     * @param side height and width of the images that come out, in pixels
     * @throws IllegalArgumentException in one line when the folder has no images by class, an image does not decode, or
     *                                  all are too many for memory
     */
    public static StoredImages read(Path folder, int side) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("image folder " + folder + " does not exist");
        }
        if (side < 1) {
            throw new IllegalArgumentException("image size is " + side + ", must be at least 1");
        }
        List<Path> parts = PARTS.stream().map(names -> part(folder, names)).toList();
        boolean split = parts.get(0) != null;
        List<String> classes = classes(split ? parts.get(0) : folder);
        if (classes.isEmpty()) {
            throw new IllegalArgumentException(folder + " has no folders of images: one folder a class is expected,"
                    + " with " + String.join(", ", new TreeSet<>(KINDS)) + " files in it");
        }
        String origin = "images in " + folder;
        String id = folder.toAbsolutePath().normalize().getFileName().toString();
        Augmentation augmentation = new Augmentation(side / 8, true);
        if (!split) {
            ImageSet[] thirds = byChance(decode(folder, classes, side));
            return new StoredImages(id, origin, classes, thirds[0], thirds[1], thirds[2], augmentation);
        }
        ImageSet train = decode(parts.get(0), classes, side);
        ImageSet validation = parts.get(1) == null ? null : decode(parts.get(1), classes, side);
        ImageSet test = parts.get(2) == null ? null : decode(parts.get(2), classes, side);
        if (validation == null || test == null) { // one held-out part serves as both
            ImageSet held = validation == null ? test : validation;
            ImageSet[] thirds = held == null ? byChance(train) : new ImageSet[] {train, held, held};
            return new StoredImages(id, origin, classes, thirds[0], thirds[1], thirds[2], augmentation);
        }
        return new StoredImages(id, origin, classes, train, validation, test, augmentation);
    }

    /**
     * Decodes one image to a square.
     *
     * @return red, green and blue planes (3, side, side)
     * @throws IllegalArgumentException in one line when it does not decode
     */
    public static byte[] decode(Path file, int side) {
        BufferedImage image;
        try {
            image = ImageIO.read(file.toFile());
        } catch (IOException | RuntimeException e) { // damaged files make some decoders throw unchecked exceptions
            throw new IllegalArgumentException(file + " does not decode as an image: " + e.getMessage()
                    + "; mend or remove it", e);
        }
        if (image == null) {
            throw new IllegalArgumentException(file + " does not decode as an image: its format is not known;"
                    + " convert it to PNG or remove it");
        }
        return planes(square(image, side), side);
    }

    private static Path part(Path folder, List<String> names) {
        return names.stream().map(folder::resolve).filter(Files::isDirectory).findFirst().orElse(null);
    }

    private static List<String> classes(Path folder) {
        return list(folder).stream().filter(Files::isDirectory).filter(inside -> !images(inside).isEmpty())
                .map(inside -> inside.getFileName().toString()).toList();
    }

    private static List<Path> images(Path folder) {
        return list(folder).stream().filter(file -> {
            String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
            return KINDS.contains(name.substring(name.lastIndexOf('.') + 1));
        }).toList();
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.sorted().toList();
        } catch (IOException e) {
            throw new IllegalArgumentException(folder + " cannot be listed: " + e.getMessage(), e);
        }
    }

    private static ImageSet decode(Path folder, List<String> classes, int side) {
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path inside : list(folder)) {
            if (Files.isDirectory(inside) && !images(inside).isEmpty()) {
                int label = classes.indexOf(inside.getFileName().toString());
                if (label < 0) {
                    throw new IllegalArgumentException(inside + " is a class that the training images do not have");
                }
                for (Path file : images(inside)) {
                    files.add(file);
                    labels.add(label);
                }
            }
        }
        int size = 3 * side * side;
        if ((long) files.size() * size > LARGEST) {
            throw new IllegalArgumentException(folder + " has " + files.size() + " images, which at " + side + "x"
                    + side + " pixels do not fit into memory; take a smaller image size");
        }
        byte[] pixels = new byte[files.size() * size];
        for (int i = 0; i < files.size(); i++) {
            System.arraycopy(decode(files.get(i), side), 0, pixels, i * size, size);
        }
        return new ImageSet(3, side, side, pixels, labels.stream().mapToInt(Integer::intValue).toArray());
    }

    /** 80%, 10% and 10%, each image by its number, so that a folder splits the same way on every machine. */
    private static ImageSet[] byChance(ImageSet all) {
        int[] order = new int[all.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        CounterRandom random = new CounterRandom(CounterRandom.key(0, all.size()));
        for (int i = order.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        int held = Math.max(1, all.size() / 10);
        ImageSet shuffled = pick(all, order);
        if (all.size() < 3) {
            throw new IllegalArgumentException(all.size()
                    + " images cannot be split into three parts; give at least 3");
        }
        return new ImageSet[] {shuffled.slice(2 * held, all.size()), shuffled.slice(0, held),
                shuffled.slice(held, 2 * held)};
    }

    private static ImageSet pick(ImageSet all, int[] order) {
        byte[] pixels = new byte[all.pixels().length];
        int[] labels = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            System.arraycopy(all.pixels(), order[i] * all.imageSize(), pixels, i * all.imageSize(), all.imageSize());
            labels[i] = all.labels()[order[i]];
        }
        return new ImageSet(all.channels(), all.height(), all.width(), pixels, labels);
    }

    /** Halves while it can, so that every pixel counts, then interpolates the rest. */
    private static BufferedImage square(BufferedImage image, int side) {
        int shorter = Math.min(image.getWidth(), image.getHeight());
        BufferedImage cut = image.getSubimage((image.getWidth() - shorter) / 2, (image.getHeight() - shorter) / 2,
                shorter, shorter);
        BufferedImage now = scaled(cut, shorter / 2 >= side ? shorter / 2 : side);
        while (now.getWidth() != side) {
            now = scaled(now, Math.max(side, now.getWidth() / 2));
        }
        return now;
    }

    private static BufferedImage scaled(BufferedImage image, int side) {
        BufferedImage result = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = result.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(image, 0, 0, side, side, null);
        graphics.dispose();
        return result;
    }

    private static byte[] planes(BufferedImage image, int side) {
        int plane = side * side;
        byte[] pixels = new byte[3 * plane];
        int[] rgb = image.getRGB(0, 0, side, side, null, 0, side);
        for (int i = 0; i < plane; i++) {
            pixels[i] = (byte) (rgb[i] >> 16);
            pixels[plane + i] = (byte) (rgb[i] >> 8);
            pixels[2 * plane + i] = (byte) rgb[i];
        }
        return pixels;
    }
}
