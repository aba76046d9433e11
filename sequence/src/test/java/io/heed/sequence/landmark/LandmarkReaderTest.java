package io.heed.sequence.landmark;

import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LandmarkReaderTest {
    private static final int TOKENS = 5;
    private static final int LANDMARK = 22;
    private static final int LENGTH = 47;

    private PointerScope scope;
    private LandmarkModel model;
    private Tensor text;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        Seeds.seedTorch(4, "weights", 0);
        model = new LandmarkModel(LandmarkConfig.of(16, 2, 2, TOKENS), 23, LANDMARK);
        try (NoGradGuard _ = new NoGradGuard()) { // large weights, so that a mistake shows
            StringTensorDict parameters = model.named_parameters();
            for (long i = 0; i < parameters.size(); i++) {
                if (parameters.values().get(i).dim() > 1) {
                    parameters.values().get(i).mul_(new Scalar(8));
                }
            }
        }
        text = Ops.of(IntStream.range(0, 2 * LENGTH).mapToLong(i -> (i * 13 + i / 3) % LANDMARK).toArray(), 2, LENGTH);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** The text with a landmark after every five tokens, read at once by the training form, landmarks left out. */
    private Tensor whole() {
        int n = LENGTH + LENGTH / TOKENS;
        long[] given = Ops.longs(text);
        long[] ids = new long[2 * n];
        long[] ordinary = new long[LENGTH];
        for (int at = 0, t = 0; at < n; at++) {
            boolean landmark = at % (TOKENS + 1) == TOKENS;
            for (int b = 0; b < 2; b++) {
                ids[b * n + at] = landmark ? LANDMARK : given[b * LENGTH + t];
            }
            if (!landmark) {
                ordinary[t++] = at;
            }
        }
        return model.forward(Ops.of(ids, 2, n), Form.REFERENCE).index_select(1, Ops.of(ordinary));
    }

    private Tensor read(LandmarkCache.Config cache, int... chunks) {
        try (LandmarkReader reader = new LandmarkReader(model, cache)) {
            Tensor[] logits = new Tensor[chunks.length];
            long at = 0;
            for (int i = 0; i < chunks.length; i++) {
                logits[i] = reader.read(text.narrow(1, at, chunks[i]));
                at += chunks[i];
            }
            assertThat(at).isEqualTo(LENGTH);
            return Ops.cat(1, logits);
        }
    }

    private static LandmarkCache.Config cache(int capacity, int taken, LandmarkCache.Selection selection,
                                              LandmarkCache.Positions positions) {
        return new LandmarkCache.Config(TOKENS + 1, capacity, taken, selection, positions);
    }

    /** With all blocks taken and true positions, reading in chunks is exactly attention to all. */
    @Test
    void takingAllBlocksIsFullAttention() {
        Tensor expected = whole();
        double size = expected.abs().max().item_double();
        for (LandmarkCache.Selection selection : LandmarkCache.Selection.values()) {
            Tensor logits = read(cache(20, 20, selection, LandmarkCache.Positions.TRUE), 12, 1, 10, 17, 7);
            assertThat(Ops.largestDifference(logits, expected) / size).as("%s", selection).isLessThan(2e-5);
        }
    }

    /** One chunk has no cache: stingy positions are then the true ones. */
    @Test
    void oneChunkIsTheTrainingForm() {
        Tensor expected = whole();
        Tensor logits = read(cache(4, 2, LandmarkCache.Selection.PER_TOKEN_AND_HEAD, LandmarkCache.Positions.STINGY),
                LENGTH);
        assertThat(Ops.largestDifference(logits, expected) / expected.abs().max().item_double()).isLessThan(2e-5);
    }

    @Test
    void fewerBlocksAreAnotherAnswer() {
        Tensor all = read(cache(20, 20, LandmarkCache.Selection.PER_TOKEN_AND_HEAD, LandmarkCache.Positions.TRUE), 20,
                20, 7);
        Tensor two = read(cache(20, 2, LandmarkCache.Selection.PER_TOKEN_AND_HEAD, LandmarkCache.Positions.TRUE), 20,
                20, 7);
        Tensor newest = read(cache(20, 2, LandmarkCache.Selection.NEWEST, LandmarkCache.Positions.TRUE), 20, 20, 7);
        assertThat(Ops.largestDifference(all.narrow(1, 0, 20), two.narrow(1, 0, 20))).isLessThan(1e-5);
        assertThat(Ops.largestDifference(all, two)).isGreaterThan(1e-3);
        assertThat(Ops.largestDifference(newest, two)).isGreaterThan(1e-3);
    }

    /**
     * Near are the landmarks and the incomplete block, whatever the length; blocks that do not fit the ring are gone.
     */
    @Test
    void onlyLandmarksStayNear() {
        try (LandmarkReader reader = new LandmarkReader(model,
                cache(6, 2, LandmarkCache.Selection.MAX_OVER_TOKENS, LandmarkCache.Positions.STINGY))) {
            reader.read(text.narrow(1, 0, 33));
            LandmarkCache first = reader.caches().getFirst();
            assertThat(first.seen()).isEqualTo(33 + 6);
            assertThat(first.blocks()).isEqualTo(6);
            assertThat(first.nearBytes()).isEqualTo(4L * 2 * 16 * (6 + 2 * 3));
            assertThat(first.farBytes()).isEqualTo(4L * 2 * 16 * 2 * 6 * 6);
            reader.read(text.narrow(1, 33, 14));
            assertThat(first.blocks()).as("the oldest fall out of the ring").isEqualTo(6);
        }
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> cache(2, 3, LandmarkCache.Selection.NEWEST, LandmarkCache.Positions.TRUE))
                .hasMessageContaining("cannot give 3");
        assertThatThrownBy(() -> new LandmarkReader(model, new LandmarkCache.Config(9, 4, 2,
                LandmarkCache.Selection.NEWEST,
                LandmarkCache.Positions.TRUE))).hasMessageContaining("blocks of 9 tokens for a model with blocks of 6");
    }
}
