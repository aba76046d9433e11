package io.heed.inference.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which policy every head of every layer takes.
 *
 * <p>Start from one policy for all and {@link #with change} single layers or heads.
 */
public final class AttentionPlan {
    /** Keys of a window are read from a multiple of this on, so that results do not depend on where a chunk begins. */
    public static final int ALIGNMENT = 384;

    private final AttentionPolicy[][] policies; // layer, head

    private AttentionPlan(AttentionPolicy[][] policies) {
        this.policies = policies;
    }

    /** One policy for all heads of all layers. */
    public static AttentionPlan of(AttentionPolicy policy, int layers, int heads) {
        AttentionPolicy[][] policies = new AttentionPolicy[layers][heads];
        for (AttentionPolicy[] layer : policies) {
            Arrays.fill(layer, policy);
        }
        return new AttentionPlan(policies);
    }

    /**
     * The same with another policy for some heads of a layer.
     *
     * @param heads which; none for all
     * @throws IllegalArgumentException when there is no such layer or head
     */
    public AttentionPlan with(int layer, AttentionPolicy policy, int... heads) {
        if (layer < 0 || layer >= policies.length) {
            throw new IllegalArgumentException("there is no layer " + layer + ", the model has layers 0 to "
                    + (policies.length - 1));
        }
        AttentionPolicy[][] changed = new AttentionPolicy[policies.length][];
        for (int i = 0; i < changed.length; i++) {
            changed[i] = policies[i].clone();
        }
        int[] chosen = heads.length > 0 ? heads : IntStream.range(0, policies[layer].length).toArray();
        for (int head : chosen) {
            if (head < 0 || head >= changed[layer].length) {
                throw new IllegalArgumentException("there is no head " + head + ", the model has heads 0 to "
                        + (changed[layer].length - 1));
            }
            changed[layer][head] = policy;
        }
        return new AttentionPlan(changed);
    }

    /** The same with another policy for some heads (none for all) of several layers (none for all). */
    public AttentionPlan with(int[] layers, AttentionPolicy policy, int... heads) {
        AttentionPlan plan = this;
        for (int layer : layers.length > 0 ? layers : IntStream.range(0, policies.length).toArray()) {
            plan = plan.with(layer, policy, heads);
        }
        return plan;
    }

    /** Attention of a prompt's chunk, each head by its policy. */
    public void prefill(PromptAttention call) {
        groups(call.shape().layer()).forEach((policy, heads) -> policy.prefill(call, heads));
    }

    /** Attention of the newest position of several sequences, each head by its policy. */
    public void decode(TokenAttention call) {
        groups(call.shape().layer()).forEach((policy, heads) -> policy.decode(call, heads));
    }

    private Map<AttentionPolicy, int[]> groups(int layer) {
        Map<AttentionPolicy, List<Integer>> heads = new LinkedHashMap<>();
        for (int head = 0; head < policies[layer].length; head++) {
            heads.computeIfAbsent(policies[layer][head], _ -> new ArrayList<>()).add(head);
        }
        Map<AttentionPolicy, int[]> groups = new LinkedHashMap<>();
        heads.forEach((policy, list) -> groups.put(policy, list.stream().mapToInt(Integer::intValue).toArray()));
        return groups;
    }

    /** Whether a prompt must come in one chunk. */
    public boolean wantsWholePrompt() {
        return all().stream().anyMatch(AttentionPolicy::wantsWholePrompt);
    }

    /** Whether sequences may share prefixes. */
    public boolean sharesPrefixes() {
        return all().stream().allMatch(AttentionPolicy::sharesPrefixes);
    }

    /** First positions that stay readable. */
    public int sinks() {
        return all().stream().mapToInt(AttentionPolicy::sinks).max().orElse(0);
    }

    /** How many of the last positions will be read. */
    public int horizon() {
        return all().stream().mapToInt(AttentionPolicy::horizon).max().orElse(Integer.MAX_VALUE);
    }

    private List<AttentionPolicy> all() {
        return IntStream.range(0, policies.length).boxed().flatMap(layer -> Arrays.stream(policies[layer])).distinct()
                .toList();
    }
}
