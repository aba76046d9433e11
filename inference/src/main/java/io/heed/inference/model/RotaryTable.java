package io.heed.inference.model;

/**
 * Angles of rotary positions: pair i of a head of width d turns by position * frequency_i, where without scaling
 * frequency_i = base^(-2i/d).
 */
public final class RotaryTable {
    private final int width;
    private final double base;
    private final RopeScaling scaling;
    private final double[] frequencies; // of sequences within the original length

    /** @param width d, channels a head that turn */
    public RotaryTable(int width, double base, RopeScaling scaling) {
        this.width = width;
        this.base = base;
        this.scaling = scaling;
        this.frequencies = frequencies(0);
    }

    /** Whether the angles of a position depend on how long its sequence is. */
    public boolean dependsOnLength() {
        return scaling instanceof RopeScaling.Dynamic;
    }

    /**
     * The frequencies (d/2) for a sequence of {@code length} positions.
     */
    public double[] frequencies(int length) {
        double[] plain = plain(base);
        return switch (scaling) {
            case RopeScaling.None _ -> plain;
            case RopeScaling.Linear linear -> divided(plain, linear.factor());
            case RopeScaling.Dynamic dynamic -> plain(dynamicBase(dynamic, length));
            case RopeScaling.Yarn yarn -> yarn(plain, yarn);
            case RopeScaling.Llama3 llama3 -> llama3(plain, llama3);
        };
    }

    /** The longest context, where the configuration states {@code positions}. */
    int context(int positions) {
        return switch (scaling) {
            case RopeScaling.None _, RopeScaling.Llama3 _ -> positions;
            case RopeScaling.Linear linear -> (int) (positions * linear.factor());
            case RopeScaling.Dynamic dynamic -> (int) (positions * dynamic.factor());
            case RopeScaling.Yarn yarn -> Math.max(positions, (int) (yarn.original() * yarn.factor()));
        };
    }

    /** What cosines and sines are multiplied by. */
    public double magnitude() {
        return scaling instanceof RopeScaling.Yarn yarn ? yarn.attentionFactor() : 1;
    }

    /**
     * Cosines and sines of one position.
     *
     * @param length  of the sequence that the position belongs to
     * @param cosines receives d/2 floats from {@code at}
     * @param sines   likewise
     */
    public void angles(int position, int length, float[] cosines, float[] sines, int at) {
        boolean stretched = scaling instanceof RopeScaling.Dynamic dynamic && length > dynamic.original();
        double[] f = stretched ? frequencies(length) : frequencies;
        double magnitude = magnitude();
        for (int i = 0; i < f.length; i++) {
            cosines[at + i] = (float) (Math.cos(position * f[i]) * magnitude);
            sines[at + i] = (float) (Math.sin(position * f[i]) * magnitude);
        }
    }

    private double[] plain(double base) {
        double[] f = new double[width / 2];
        for (int i = 0; i < f.length; i++) {
            f[i] = Math.pow(base, -2.0 * i / width);
        }
        return f;
    }

    private static double[] divided(double[] f, double factor) {
        for (int i = 0; i < f.length; i++) {
            f[i] /= factor;
        }
        return f;
    }

    private double dynamicBase(RopeScaling.Dynamic dynamic, int length) {
        double n = Math.max(length, dynamic.original());
        double grown = dynamic.factor() * n / dynamic.original() - (dynamic.factor() - 1);
        return base * Math.pow(grown, width / (width - 2.0));
    }

    private double[] yarn(double[] f, RopeScaling.Yarn yarn) {
        double low = correction(yarn.betaFast(), yarn.original());
        double high = correction(yarn.betaSlow(), yarn.original());
        if (yarn.truncate()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, width - 1);
        double span = low == high ? 0.001 : high - low;
        for (int i = 0; i < f.length; i++) {
            double interpolated = Math.clamp((i - low) / span, 0, 1);
            f[i] = f[i] / yarn.factor() * interpolated + f[i] * (1 - interpolated);
        }
        return f;
    }

    /** The pair that turns {@code turns} times within {@code original} positions. */
    private double correction(double turns, int original) {
        return width * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }

    private static double[] llama3(double[] f, RopeScaling.Llama3 llama3) {
        double longest = llama3.original() / llama3.low();
        double shortest = llama3.original() / llama3.high();
        for (int i = 0; i < f.length; i++) {
            double wavelength = 2 * Math.PI / f[i];
            if (wavelength > longest) {
                f[i] /= llama3.factor();
            } else if (wavelength >= shortest) {
                double smooth = (llama3.original() / wavelength - llama3.low()) / (llama3.high() - llama3.low());
                f[i] = (1 - smooth) * f[i] / llama3.factor() + smooth * f[i];
            }
        }
        return f;
    }
}
