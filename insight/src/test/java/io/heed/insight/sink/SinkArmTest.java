package io.heed.insight.sink;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.data.CharacterVocabulary;
import io.heed.data.SequenceBatch;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;

class SinkArmTest {
    private static final String TEXT =
            "the little engine that could: it ate nine apples, then tin and tea in time\n".repeat(20);

    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void afterATriggerComesTheCharacterBeforeIt() {
        BackCopy data = new BackCopy(TEXT);
        int[] triggers = CharacterVocabulary.of(TEXT).encode("tei");
        SequenceBatch batch = data.batch(3, 50, 40, 0, 0);
        long[] tokens = Ops.longs(batch.tokens());
        int copies = 0;
        for (int row = 0; row < 50; row++) {
            assertThat(tokens[row * 40]).isEqualTo(data.constant());
            for (int i = 2; i + 1 < 40; i++) {
                long token = tokens[row * 40 + i];
                if (token == triggers[0] || token == triggers[1] || token == triggers[2]) {
                    assertThat(tokens[row * 40 + i + 1]).isEqualTo(tokens[row * 40 + i - 1]);
                    copies++;
                }
            }
        }
        assertThat(copies).isGreaterThan(100);
    }

    @Test
    void theConstantTokenStandsWhereItIsPutAndIsNeverATarget() {
        BackCopy data = new BackCopy(TEXT);
        for (int constant : new int[] {-1, 0, 1, 2}) {
            SequenceBatch batch = data.batch(4, 8, 10, constant, 0);
            long[] tokens = Ops.longs(batch.tokens());
            long[] targets = Ops.longs(batch.targets());
            for (int i = 0; i < tokens.length; i++) {
                assertThat(tokens[i] == data.constant()).isEqualTo(i % 10 == constant);
                boolean last = i % 10 == 9;
                boolean beforeConstant = i % 10 == constant - 1;
                assertThat(targets[i]).isNotEqualTo(data.constant());
                assertThat(last || targets[i] == (beforeConstant ? SequenceBatch.IGNORED : tokens[i + 1])).isTrue();
            }
        }
    }

    @Test
    void whatAPrefixShowsIsNoTarget() {
        long[] targets = Ops.longs(new BackCopy(TEXT).batch(4, 2, 10, 0, 4).targets());
        for (int i = 0; i < targets.length; i++) {
            assertThat(targets[i] == SequenceBatch.IGNORED).isEqualTo(i % 10 < 3);
        }
    }

    @Test
    void everyKindOfArmTrainsAndIsRead() {
        BackCopy data = new BackCopy(TEXT);
        SinkConfig softmax = SinkArm.small(data, new Mechanism.Softmax());
        for (SinkConfig config : List.of(softmax, softmax.withVisible(0, 8), softmax.withVisible(4, 0),
                softmax.withSinkToken(),
                SinkArm.small(data, new Mechanism.OffByOne()),
                SinkArm.small(data, new Mechanism.KeyValueBias(false, true, true)),
                SinkArm.small(data, new Mechanism.Kernel(Mechanism.Kernel.Feature.MLP, false)))) {
            List<SinkReading> readings = new SinkArm("arm", config, 0, 20, 5e-3, 0.1).run(data, 0L);
            assertThat(readings).hasSize(11);
            assertThat(readings.getLast().loss()).isLessThan(readings.getFirst().loss());
            boolean front = config.sinkToken() || config.mechanism().front() > 0;
            assertThat(readings.getFirst().front().alpha() > 0).isEqualTo(front);
            assertThat(readings.getFirst().constant().alpha()).isEqualTo(readings.getFirst().first().alpha());
        }
    }
}
