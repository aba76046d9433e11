package io.heed.inference.model;

import java.util.ArrayList;
import java.util.List;

import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.attention.LayerShape;
import io.heed.inference.attention.PromptAttention;
import io.heed.inference.attention.TokenAttention;
import io.heed.inference.cache.PagePool;
import io.heed.inference.cache.SequenceCache;
import io.heed.kernels.Pages;
import io.heed.kernels.Rotation;

/**
 * Computes a model by the kernels: prompts in chunks ({@link #prefill}), then the newest token of several sequences at
 * a time ({@link #decode}). Keys and values go to the sequences' caches. What a sequence gives has the same bits
 * whatever other sequences are in a call, and however its prompt is cut into chunks.
 *
 * <p>Not for use by several threads: buffers are kept from call to call.
 */
public final class Decoder {
    /** Told of the residual stream (rows, D) after every layer. */
    @FunctionalInterface
    public interface Observer {
        void layer(int layer, float[] stream, int rows);
    }

    /**
     * Consecutive tokens of one sequence.
     *
     * @param cache  of the sequence; grows by the tokens
     * @param tokens the ids, the first at position {@code cache.length()}
     * @param total  positions of the whole prompt that they belong to
     */
    public record Chunk(SequenceCache cache, int[] tokens, int total) { }

    private final ModelConfig config;
    private final ModelWeights weights;
    private final PagePool pool;
    private final AttentionPlan plan;
    private final LayerShape[] shapes;
    private final Buffers buffers;

    Decoder(ModelConfig config, ModelWeights weights, PagePool pool, AttentionPlan plan) {
        this.config = config;
        this.weights = weights;
        this.pool = pool;
        this.plan = plan;
        shapes = new LayerShape[config.layers()];
        for (int layer = 0; layer < shapes.length; layer++) {
            shapes[layer] = new LayerShape(layer, config.heads(), config.keyValueHeads(), config.headWidth(),
                    config.scale(layer), config.window(layer));
        }
        buffers = new Buffers(config);
    }

    /** What attention reads. */
    public AttentionPlan plan() {
        return plan;
    }

    /** Where keys and values are. */
    public PagePool pool() {
        return pool;
    }

    /**
     * Computes prompts' next tokens.
     *
     * @return the residual stream after the last layer (rows, D), the chunks one after the other; overwritten by the
     *         next call
     */
    public float[] prefill(List<Chunk> chunks, Observer observer) {
        List<Row> rows = new ArrayList<>();
        List<Integer> firsts = new ArrayList<>();
        for (Chunk chunk : chunks) {
            int first = chunk.cache().length();
            firsts.add(first);
            chunk.cache().extend(first + chunk.tokens().length);
            for (int i = 0; i < chunk.tokens().length; i++) {
                rows.add(new Row(chunk.cache(), chunk.tokens()[i], first + i, chunk.total()));
            }
        }
        return run(rows, true, observer, shape -> {
            int row = 0;
            for (int i = 0; i < chunks.size(); i++) {
                Chunk chunk = chunks.get(i);
                plan.prefill(new PromptAttention(shape, pool, chunk.cache(), firsts.get(i), chunk.tokens().length,
                        buffers.query(), buffers.attended(), row));
                row += chunk.tokens().length;
            }
        });
    }

    /**
     * Computes one new token of each sequence.
     *
     * @return the residual stream after the last layer (B, D); overwritten by the next call
     */
    public float[] decode(List<SequenceCache> sequences, int[] tokens) {
        List<Row> rows = new ArrayList<>();
        for (int b = 0; b < tokens.length; b++) {
            SequenceCache cache = sequences.get(b);
            int position = cache.length();
            cache.extend(position + 1);
            rows.add(new Row(cache, tokens[b], position, position + 1));
        }
        return run(rows, false, null, shape -> plan.decode(new TokenAttention(shape, pool, sequences, buffers.query(),
                buffers.attended())));
    }

    /** Gives back the pages of a sequence that attention will not read again. */
    public void release(SequenceCache cache) {
        int horizon = plan.horizon();
        if (horizon < cache.length()) {
            // a prompt's next chunk reads from an aligned position on
            cache.release(plan.sinks(), cache.length() - horizon - AttentionPlan.ALIGNMENT);
        }
    }

    /**
     * Logits of some rows of a residual stream.
     *
     * @param stream (rows, D)
     * @param row    the first
     * @param count  how many
     * @return (count, V), the caller's own
     */
    public float[] logits(float[] stream, int row, int count) {
        int width = config.width();
        float[] x = new float[count * width];
        System.arraycopy(stream, row * width, x, 0, x.length);
        weights.norm().apply(x, x, count);
        float[] logits = new float[count * config.vocabulary()];
        weights.head().apply(x, count, false, logits);
        return logits;
    }

    private record Row(SequenceCache cache, int token, int position, int length) { }

    private interface LayerAttention {
        void attend(LayerShape shape);
    }

    private float[] run(List<Row> rows, boolean prompt, Observer observer, LayerAttention attention) {
        int count = rows.size();
        buffers.reserve(count);
        embed(rows, buffers.stream());
        if (config.rope() != null) {
            for (int i = 0; i < count; i++) {
                config.rope().angles(rows.get(i).position(), rows.get(i).length(), buffers.cosines(), buffers.sines(),
                        i * config.headWidth() / 2);
            }
        }
        for (LayerShape shape : shapes) {
            LayerWeights layer = weights.layers().get(shape.layer());
            attention(layer, shape, rows, prompt, attention);
            mlp(layer, count, prompt);
            if (observer != null) {
                observer.layer(shape.layer(), buffers.stream(), count);
            }
        }
        return buffers.stream();
    }

    private void embed(List<Row> rows, float[] stream) {
        int width = config.width();
        float[] position = new float[width];
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            weights.embedding().read(row.token(), 1, 0, width, stream, i * width, width);
            if (weights.positions() != null) {
                weights.positions().read(row.position(), 1, 0, width, position, 0, width);
                add(stream, i * width, position, width);
            }
        }
    }

    /** x = x + Wo attention(n1(x)). */
    private void attention(LayerWeights layer, LayerShape shape, List<Row> rows, boolean prompt,
            LayerAttention attention) {
        int count = rows.size();
        float[] normed = buffers.normed();
        layer.inputNorm().apply(buffers.stream(), normed, count);
        Linear.apply(normed, count, prompt, layer.query().to(buffers.query()), layer.key().to(buffers.key()),
                layer.value().to(buffers.value()));
        if (layer.queryNorm() != null) {
            new NormWeights(layer.queryNorm(), null, config.epsilon()).apply(buffers.query(), buffers.query(),
                    count * config.heads());
            new NormWeights(layer.keyNorm(), null, config.epsilon()).apply(buffers.key(), buffers.key(),
                    count * config.keyValueHeads());
        }
        if (config.rope() != null) {
            int width = config.headWidth();
            Rotation.turn(buffers.query(), count, config.heads(), width, buffers.cosines(), buffers.sines());
            Rotation.turn(buffers.key(), count, config.keyValueHeads(), width, buffers.cosines(), buffers.sines());
        }
        store(shape, rows);
        attention.attend(shape);
        layer.output().apply(buffers.attended(), count, prompt, normed);
        add(buffers.stream(), 0, normed, count * config.width());
    }

    private void store(LayerShape shape, List<Row> rows) {
        int width = config.headWidth();
        int heads = config.keyValueHeads();
        int[][] tables = rows.stream().map(row -> row.cache().table()).toArray(int[][]::new);
        Pages keys = pool.keys(shape.layer(), tables);
        Pages values = pool.values(shape.layer(), tables);
        for (int i = 0; i < tables.length; i++) {
            for (int head = 0; head < heads; head++) {
                int at = (i * heads + head) * width;
                keys.write(i, head, rows.get(i).position(), buffers.key(), at);
                values.write(i, head, rows.get(i).position(), buffers.value(), at);
            }
        }
    }

    /** x = x + Wdown act(Wgate n2(x)) * Wup n2(x), or without a gate x + Wdown act(Wup n2(x)). */
    private void mlp(LayerWeights layer, int count, boolean prompt) {
        float[] normed = buffers.normed();
        layer.attentionNorm().apply(buffers.stream(), normed, count);
        float[] hidden = buffers.up();
        if (layer.gate() != null) {
            Linear.apply(normed, count, prompt, layer.gate().to(buffers.gate()), layer.up().to(buffers.up()));
            config.activation().gate(buffers.gate(), buffers.up(), count, config.hidden());
            hidden = buffers.gate();
        } else {
            layer.up().apply(normed, count, prompt, buffers.up());
            config.activation().apply(hidden, count, config.hidden());
        }
        layer.down().apply(hidden, count, prompt, normed);
        add(buffers.stream(), 0, normed, count * config.width());
    }

    private static void add(float[] to, int at, float[] from, int length) {
        for (int i = 0; i < length; i++) {
            to[at + i] += from[i];
        }
    }
}
