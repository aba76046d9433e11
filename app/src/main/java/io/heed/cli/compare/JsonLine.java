package io.heed.cli.compare;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** One mixer's figures as a JSON object on one line: means over the seeds, and the spread where there are several. */
final class JsonLine {
    private JsonLine() { }

    static String of(ComparisonResult result, MixerResult mixer) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("mixer", mixer.mixer());
        line.put("task", result.task());
        line.put("steps", mixer.steps());
        line.put("parameters", mixer.parameters());
        line.put("train_loss", mixer.trainLoss().mean());
        line.put("metric", result.metric());
        line.put("value", mixer.value().mean());
        if (!Double.isNaN(mixer.test().mean())) {
            line.put("test_value", mixer.test().mean());
        }
        line.put(result.unit() + "_per_s", mixer.tokensPerSecond().mean());
        line.put("peak_bytes", Math.round(mixer.peakBytes().mean()));
        line.put("state_bytes", mixer.stateBytes());
        if (mixer.runs().size() > 1) {
            line.put("seeds", mixer.runs().size());
            line.put("value_spread", mixer.value().spread());
        }
        return line.toString();
    }
}
