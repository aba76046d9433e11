package io.heed.insight;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Which layers, heads and token positions to look at; an empty list means all of them.
 *
 * @param layers    layers, from 0
 * @param heads     query heads, from 0
 * @param positions positions of the querying tokens, from 0
 */
public record Selection(List<Integer> layers, List<Integer> heads, List<Integer> positions) {
    /** Everything. */
    public static final Selection ALL = new Selection(List.of(), List.of(), List.of());

    public Selection {
        layers = List.copyOf(layers);
        heads = List.copyOf(heads);
        positions = List.copyOf(positions);
    }

    /** The same in these layers only. */
    public Selection inLayers(Integer... chosen) {
        return new Selection(List.of(chosen), heads, positions);
    }

    /** The same for these heads only. */
    public Selection inHeads(Integer... chosen) {
        return new Selection(layers, List.of(chosen), positions);
    }

    /** The same for these tokens only. */
    public Selection atPositions(Integer... chosen) {
        return new Selection(layers, heads, List.of(chosen));
    }

    /**
     * The same with every list filled in.
     *
     * @throws IllegalArgumentException in one line when the model or the text has no such layer, head or position
     */
    Selection within(ProbedModel model, long length) {
        return new Selection(filled("layer", layers, model.layers(), "the model has"),
                filled("head", heads, model.heads(), "each layer has"),
                filled("position", positions, Math.toIntExact(length), "the text has"));
    }

    private static List<Integer> filled(String what, List<Integer> chosen, int count, String owner) {
        if (chosen.isEmpty()) {
            return IntStream.range(0, count).boxed().toList();
        }
        for (int one : chosen) {
            check(what, one, count, owner);
        }
        return chosen;
    }

    static void check(String what, int chosen, int count, String owner) {
        if (chosen < 0 || chosen >= count) {
            throw new IllegalArgumentException(what + " " + chosen + " does not exist: " + owner + " " + count + " "
                    + (what.equals("position") ? "tokens" : what + "s") + ", numbered from 0 to " + (count - 1));
        }
    }
}
