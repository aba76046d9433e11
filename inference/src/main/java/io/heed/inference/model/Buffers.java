package io.heed.inference.model;

/** A decoder's activations, each of so many rows as the largest call so far had. */
final class Buffers {
    private final ModelConfig config;
    private int rows;
    private float[] stream;   // (rows, D)
    private float[] normed;   // (rows, D)
    private float[] query;    // (rows, H, d)
    private float[] key;      // (rows, G, d)
    private float[] value;    // (rows, G, d)
    private float[] attended; // (rows, H, d)
    private float[] gate;     // (rows, F)
    private float[] up;       // (rows, F)
    private float[] cosines;  // (rows, d/2)
    private float[] sines;    // (rows, d/2)

    Buffers(ModelConfig config) {
        this.config = config;
    }

    void reserve(int count) {
        if (count <= rows) {
            return;
        }
        rows = count;
        stream = new float[Math.multiplyExact(count, config.width())];
        normed = new float[stream.length];
        query = new float[Math.multiplyExact(count, config.heads() * config.headWidth())];
        key = new float[Math.multiplyExact(count, config.cacheWidth())];
        value = new float[key.length];
        attended = new float[query.length];
        gate = new float[Math.multiplyExact(count, config.hidden())];
        up = new float[gate.length];
        cosines = new float[Math.multiplyExact(count, config.headWidth() / 2)];
        sines = new float[cosines.length];
    }

    float[] stream() {
        return stream;
    }

    float[] normed() {
        return normed;
    }

    float[] query() {
        return query;
    }

    float[] key() {
        return key;
    }

    float[] value() {
        return value;
    }

    float[] attended() {
        return attended;
    }

    float[] gate() {
        return gate;
    }

    float[] up() {
        return up;
    }

    float[] cosines() {
        return cosines;
    }

    float[] sines() {
        return sines;
    }
}
