package io.heed.vision.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.heed.data.CounterRandom;
import io.heed.data.Split;

/**
 * Shapes drawn from a seed: any number of images with known classes, boxes and masks, the same on every machine. Shapes
 * are turned, scaled and placed by chance on a shaded, noisy ground with some confetti; they do not touch each other.
 *
 * @param seed  all images of a seed are the same on every call
 * @param side  height and width in pixels, at least 16
 * @param least shapes on an image at the least, at least 1
 * @param most  shapes on an image at the most
 */
public record Shapes(long seed, int side, int least, int most) {
    private static final String[] COLOURS = {"red", "green", "blue", "yellow", "magenta", "cyan", "white"};
    private static final int[] RGB = {0xE03030, 0x30B040, 0x4060F0, 0xE8D040, 0xD050D0, 0x40D0D0, 0xF0F0F0};
    /** Samples along each side of a pixel. */
    private static final int SAMPLES = 3;
    private static final int TRIALS = 40;
    private static final int SMALLEST_SIDE = 16;

    /** @throws IllegalArgumentException for sizes that cannot be drawn */
    public Shapes {
        if (side < SMALLEST_SIDE || least < 1 || most < least) {
            throw new IllegalArgumentException("shapes: side " + side + " must be at least " + SMALLEST_SIDE + ", and "
                    + least + " to " + most + " shapes an image be a range from 1");
        }
    }

    /**
     * Image data to classify: one shape on 32 x 32 pixels, its kind the class; 8,000 training, 1,000 validation and
     * 1,000 test images.
     *
     * @param why why it stands in for something else; empty where it was asked for
     */
    public static StoredImages images(long seed, String why) {
        Shapes shapes = new Shapes(seed, 32, 1, 1);
        List<String> classes = Arrays.stream(ShapeKind.values()).map(ShapeKind::text).toList();
        return new StoredImages("shapes", "shapes drawn from seed " + seed + (why.isEmpty() ? "" : " (" + why + ")"),
                classes,
                shapes.part(Split.TRAIN, 8_000), shapes.part(Split.VALIDATION, 1_000), shapes.part(Split.TEST, 1_000),
                new Augmentation(0, true));
    }

    /** Image {@code index} of a part. */
    public Scene scene(Split split, long index) {
        CounterRandom random = new CounterRandom(CounterRandom.key(seed, split.ordinal(), index));
        float[] canvas = ground(random);
        int wanted = least + random.nextInt(most - least + 1);
        List<double[]> discs = new ArrayList<>();
        List<Scene.Item> items = new ArrayList<>();
        for (int trial = 0; trial < TRIALS * wanted && items.size() < wanted; trial++) {
            double radius = side * (0.14 + 0.18 * random.nextDouble()) / (items.isEmpty() ? 1 : 1.4);
            double x = radius + (side - 2 * radius) * random.nextDouble();
            double y = radius + (side - 2 * radius) * random.nextDouble();
            if (discs.stream().allMatch(disc -> Math.hypot(disc[0] - x, disc[1] - y) > disc[2] + radius + 1)) {
                discs.add(new double[] {x, y, radius});
                ShapeKind kind = ShapeKind.values()[random.nextInt(ShapeKind.values().length)];
                items.add(draw(canvas, kind, random.nextInt(COLOURS.length), x, y, radius,
                        (random.nextDouble() - 0.5) * Math.PI / 2));
            }
        }
        return new Scene(side, bytes(canvas, random), items);
    }

    private ImageSet part(Split split, int count) {
        int size = 3 * side * side;
        byte[] pixels = new byte[count * size];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            Scene scene = scene(split, i);
            System.arraycopy(scene.pixels(), 0, pixels, i * size, size);
            labels[i] = scene.items().getFirst().kind().ordinal();
        }
        return new ImageSet(3, side, side, pixels, labels);
    }

    /** A ground that is shaded from one corner to the other, with single pixels of any colour on it. */
    private float[] ground(CounterRandom random) {
        int plane = side * side;
        float[] canvas = new float[3 * plane];
        for (int c = 0; c < 3; c++) {
            double level = 20 + 80 * random.nextDouble();
            double across = 60 * (random.nextDouble() - 0.5);
            double down = 60 * (random.nextDouble() - 0.5);
            for (int i = 0; i < plane; i++) {
                canvas[c * plane + i] = (float) (level + across * (i % side) / side + down * (i / side) / side);
            }
        }
        for (int dot = 0; dot < plane / 64; dot++) {
            int at = random.nextInt(plane);
            for (int c = 0; c < 3; c++) {
                canvas[c * plane + at] = random.nextInt(256);
            }
        }
        return canvas;
    }

    private Scene.Item draw(float[] canvas, ShapeKind kind, int colour, double x, double y, double radius,
            double turn) {
        int plane = side * side;
        double cos = Math.cos(turn) / radius;
        double sin = Math.sin(turn) / radius;
        boolean[] mask = new boolean[plane];
        Scene.Box box = new Scene.Box(side, side, 0, 0);
        for (int row = Math.max(0, (int) (y - radius)); row < Math.min(side, y + radius + 1); row++) {
            for (int column = Math.max(0, (int) (x - radius)); column < Math.min(side, x + radius + 1); column++) {
                int covered = 0;
                for (int sample = 0; sample < SAMPLES * SAMPLES; sample++) {
                    double dx = column + (sample % SAMPLES + 0.5) / SAMPLES - x;
                    double dy = row + (sample / SAMPLES + 0.5) / SAMPLES - y;
                    boolean inside = kind.contains(cos * dx + sin * dy, cos * dy - sin * dx);
                    covered += inside ? 1 : 0;
                    if (inside && sample == SAMPLES * SAMPLES / 2) {
                        mask[row * side + column] = true;
                        box = new Scene.Box(Math.min(box.left(), column), Math.min(box.top(), row),
                                Math.max(box.right(), column + 1), Math.max(box.bottom(), row + 1));
                    }
                }
                float share = (float) covered / (SAMPLES * SAMPLES);
                for (int c = 0; c < 3; c++) {
                    int at = c * plane + row * side + column;
                    canvas[at] += share * ((RGB[colour] >> 16 - 8 * c & 0xFF) - canvas[at]);
                }
            }
        }
        return new Scene.Item(kind, COLOURS[colour], box, mask);
    }

    /** Rounded, with a little noise. */
    private static byte[] bytes(float[] canvas, CounterRandom random) {
        byte[] pixels = new byte[canvas.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.clamp(Math.round(canvas[i] + 24 * (random.nextDouble() - 0.5)), 0, 255);
        }
        return pixels;
    }
}
