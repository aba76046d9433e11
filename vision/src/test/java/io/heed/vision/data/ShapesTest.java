package io.heed.vision.data;

import java.util.List;
import java.util.TreeMap;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import io.heed.data.Split;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ShapesTest {
    @Test
    void aSeedGivesTheSameImagesAndAnotherGivesOthers() {
        Scene scene = new Shapes(3, 48, 1, 4).scene(Split.TRAIN, 17);
        assertThat(new Shapes(3, 48, 1, 4).scene(Split.TRAIN, 17).pixels()).isEqualTo(scene.pixels());
        assertThat(new Shapes(4, 48, 1, 4).scene(Split.TRAIN, 17).pixels()).isNotEqualTo(scene.pixels());
        assertThat(new Shapes(3, 48, 1, 4).scene(Split.TEST, 17).pixels()).isNotEqualTo(scene.pixels());
    }

    @Test
    void boxesAreTightAroundMasksThatDoNotMeet() {
        Shapes shapes = new Shapes(0, 64, 1, 4);
        TreeMap<ShapeKind, Integer> kinds = new TreeMap<>();
        for (int index = 0; index < 300; index++) {
            Scene scene = shapes.scene(Split.TRAIN, index);
            boolean[] taken = new boolean[64 * 64];
            assertThat(scene.items()).isNotEmpty().hasSizeLessThanOrEqualTo(4);
            for (Scene.Item item : scene.items()) {
                kinds.merge(item.kind(), 1, Integer::sum);
                int left = 64;
                int right = 0;
                int top = 64;
                int bottom = 0;
                for (int i = 0; i < taken.length; i++) {
                    if (item.mask()[i]) {
                        assertThat(taken[i]).as("masks meet").isFalse();
                        taken[i] = true;
                        left = Math.min(left, i % 64);
                        right = Math.max(right, i % 64 + 1);
                        top = Math.min(top, i / 64);
                        bottom = Math.max(bottom, i / 64 + 1);
                    }
                }
                assertThat(item.box()).isEqualTo(new Scene.Box(left, top, right, bottom));
            }
        }
        assertThat(kinds).hasSize(ShapeKind.values().length).allSatisfy((kind, count) -> assertThat(count)
                .isGreaterThan(40));
    }

    @Test
    void areasAreThoseOfTheShapes() {
        assertThat(area(ShapeKind.DISC)).isCloseTo(Math.PI, org.assertj.core.data.Offset.offset(0.02));
        assertThat(area(ShapeKind.RING)).isCloseTo(Math.PI * 0.64, org.assertj.core.data.Offset.offset(0.02));
        assertThat(area(ShapeKind.SQUARE)).isCloseTo(2, org.assertj.core.data.Offset.offset(0.02));
        assertThat(area(ShapeKind.TRIANGLE)).isCloseTo(1.299, org.assertj.core.data.Offset.offset(0.02));
        assertThat(area(ShapeKind.STAR)).isCloseTo(1.123, org.assertj.core.data.Offset.offset(0.02));
    }

    @Test
    void trainingImagesAreAugmentedAndTheOthersAreNot() {
        byte[] pixels = new byte[4 * 9];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (10 * i);
        }
        ImageSet set = new ImageSet(1, 3, 3, pixels, new int[] {0, 1, 0, 1});
        StoredImages data = new StoredImages("tiny", "tiny", List.of("a", "b"), set, set, set,
                new Augmentation(1, true));
        try (PointerScope _ = new PointerScope()) {
            Tensor plain = data.withAugmentation(Augmentation.NONE).sample(Split.TRAIN, 64, 5).images();
            assertThat(Ops.largestDifference(data.sample(Split.TRAIN, 64, 5).images(), plain)).isGreaterThan(0.1);
            assertThat(Ops.largestDifference(data.sample(Split.TRAIN, 64, 5).images(),
                    data.sample(Split.TRAIN, 64, 5).images())).as("a key gives the same batch").isZero();
            Tensor read = data.range(Split.TEST, 1, 1).images();
            assertThat(Ops.doubles(read)[1] - Ops.doubles(read)[0]).isGreaterThan(0);
            assertThat(Ops.longs(data.range(Split.TEST, 0, 4).labels())).containsExactly(0, 1, 0, 1);
            // mirrored or not, moved or not: a crop by 0 keeps every pixel
            Tensor mirrored = data.withAugmentation(new Augmentation(0, true)).sample(Split.TRAIN, 64, 5).images();
            Tensor kept = data.withAugmentation(Augmentation.NONE).sample(Split.TRAIN, 64, 5).images();
            assertThat(Ops.largestDifference(mirrored.sum(3), kept.sum(3))).isLessThan(1e-4);
        }
        assertThatThrownBy(() -> data.range(Split.TEST, 3, 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static double area(ShapeKind kind) {
        int n = 800;
        int inside = 0;
        for (int i = 0; i < n * n; i++) {
            inside += kind.contains((i % n + 0.5) * 2 / n - 1, (i / n + 0.5) * 2 / n - 1) ? 1 : 0;
        }
        return 4.0 * inside / n / n;
    }
}
