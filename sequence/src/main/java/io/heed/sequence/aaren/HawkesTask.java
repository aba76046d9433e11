package io.heed.sequence.aaren;

import java.util.Arrays;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.data.Split;

/**
 * Next mark and time of a marked Hawkes process: five kinds of events, each of which makes itself and the next kind
 * likelier for a while. An event is its mark, one-hot, and the logarithm of the time since the event before. The loss
 * is the marks' cross-entropy plus the squared error of the logarithm.
 */
final class HawkesTask extends StreamTask {
    private static final int MARKS = 5;
    private static final double BASE = 0.2; // events per unit of time and kind, by themselves
    private static final double SELF = 0.35; // events of its own kind that an event brings about
    private static final double NEXT = 0.45; // events of the next kind
    private static final double DECAY = 1; // of the excitement, per unit of time

    HawkesTask() {
        super("hawkes", MARKS + 1);
    }

    @Override
    int outputs() {
        return MARKS + 1;
    }

    /** Ogata's thinning: between events the intensity only falls, so its value now bounds it. */
    @Override
    float[] stream(CounterRandom random, Split split) {
        float[] stream = new float[(LENGTH + 1) * (MARKS + 1)];
        double[] excitement = new double[MARKS];
        double since = 0;
        for (int n = 0; n <= LENGTH; ) {
            double bound = MARKS * BASE + Arrays.stream(excitement).sum();
            double wait = -Math.log(1 - random.nextDouble()) / bound;
            since += wait;
            for (int k = 0; k < MARKS; k++) {
                excitement[k] *= Math.exp(-DECAY * wait);
            }
            double at = random.nextDouble() * bound;
            int mark = 0;
            while (mark < MARKS && at >= BASE + excitement[mark]) {
                at -= BASE + excitement[mark];
                mark++;
            }
            if (mark < MARKS) {
                stream[n * (MARKS + 1) + mark] = 1;
                stream[n * (MARKS + 1) + MARKS] = (float) Math.log(since + 1e-3);
                excitement[mark] += DECAY * SELF;
                excitement[(mark + 1) % MARKS] += DECAY * NEXT;
                since = 0;
                n++;
            }
        }
        return stream;
    }

    @Override
    Tensor loss(Tensor predictions, Tensor next) {
        Tensor marks = next.narrow(-1, 0, MARKS).argmax(new LongOptional(-1), false).flatten();
        return torch.cross_entropy_loss(predictions.narrow(-1, 0, MARKS).flatten(0, 1), marks)
                .add(torch.mse_loss(predictions.select(-1, MARKS), next.select(-1, MARKS)));
    }
}
