package io.heed.inference.attention;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

import io.heed.inference.model.ModelConfig;
import io.heed.train.NearestName;

/**
 * Reads attention policies as users write them:
 *
 * <pre>
 *   dense
 *   sliding:window=1024,sinks=4
 *   act:heads=act-heads.json,beta=0.4
 *   sliding:window=256@3        in layer 3 only
 *   sliding:window=256@3-7/0,2  in heads 0 and 2 of layers 3 to 7
 * </pre>
 *
 * Each one goes over those before it; heads that none names stay dense. Policies are found through
 * {@link ServiceLoader}.
 */
public final class AttentionOptions {
    /** One paragraph for command lines. */
    public static final String HELP = "NAME[:KEY=VALUE,...][@LAYERS[/HEADS]], e.g. sliding:window=1024,sinks=4 or"
            + " sliding:window=64@2-5/0,3; may be repeated.";

    private AttentionOptions() { }

    /**
     * A plan for a model.
     *
     * @throws IllegalArgumentException in one line when a policy is unknown or cannot be built
     */
    public static AttentionPlan plan(List<String> texts, ModelConfig config) {
        AttentionPlan plan = AttentionPlan.of(new DenseAttention(), config.layers(), config.heads());
        for (String text : texts) {
            plan = add(plan, text, config);
        }
        return plan;
    }

    private static AttentionPlan add(AttentionPlan plan, String text, ModelConfig config) {
        int at = text.lastIndexOf('@');
        String policy = at < 0 ? text : text.substring(0, at);
        String place = at < 0 ? "" : text.substring(at + 1);
        String[] parts = place.split("/", 2);
        int[] layers = place.isEmpty() ? new int[0] : numbers(text, parts[0]);
        int[] heads = parts.length < 2 ? new int[0] : numbers(text, parts[1]);
        int colon = policy.indexOf(':');
        String name = colon < 0 ? policy : policy.substring(0, colon);
        PolicyParameters parameters = new PolicyParameters(name, colon < 0 ? Map.of()
                : values(text, policy.substring(colon + 1)));
        AttentionPlan changed = kind(name).apply(plan, layers, heads, parameters, config);
        parameters.checkAllUsed();
        return changed;
    }

    private static PolicyKind kind(String name) {
        List<String> names = new ArrayList<>();
        for (PolicyKind kind : ServiceLoader.load(PolicyKind.class)) {
            if (kind.name().equals(name)) {
                return kind;
            }
            names.add(kind.name());
        }
        throw new IllegalArgumentException("unknown attention policy '" + name + "'" + NearestName.of(name, names)
                .map(near -> ": did you mean '" + near + "'?").orElse("; there are " + String.join(", ", names)));
    }

    private static Map<String, String> values(String text, String list) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : list.split(",")) {
            String[] sides = pair.split("=", 2);
            if (sides.length < 2 || values.put(sides[0].strip(), sides[1].strip()) != null) {
                throw new IllegalArgumentException("attention '" + text + "': '" + pair
                        + "' must be KEY=VALUE, each key once");
            }
        }
        return values;
    }

    private static int[] numbers(String text, String list) {
        List<Integer> numbers = new ArrayList<>();
        try {
            for (String part : list.split(",")) {
                String[] ends = part.split("-", 2);
                int first = Integer.parseInt(ends[0].strip());
                int last = ends.length < 2 ? first : Integer.parseInt(ends[1].strip());
                for (int i = first; i <= last; i++) {
                    numbers.add(i);
                }
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("attention '" + text + "': '" + list
                    + "' must be numbers and ranges, as 0,3-5", e);
        }
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }
}
