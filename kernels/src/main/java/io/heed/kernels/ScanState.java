package io.heed.kernels;

/**
 * The state (m, c, a) of softmax attention over a set of tokens: the greatest score, the normaliser relative to it, and
 * the weighted sum of values relative to it. With scores s and values v, m = max s, c = sum exp(s - m) and
 * a = sum exp(s - m) v; attention's output is a / c. The empty set is (-inf, 0, 0).
 *
 * <p>The same record holds one state a head (one row) or the states after every prefix (N rows). Where it stands for
 * outputs that are not wanted, or gradients that are absent, a field or the whole record may be null.
 *
 * @param maximum    m, (B, H, rows, 1)
 * @param normaliser c, (B, H, rows, 1)
 * @param weighted   a, (B, H, rows, d)
 */
public record ScanState(Rows maximum, Rows normaliser, Rows weighted) {

    void check(String name, int batch, int heads, int rows, int width) {
        Arguments.shape(name + ".maximum", maximum, batch, heads, rows, 1);
        Arguments.shape(name + ".normaliser", normaliser, batch, heads, rows, 1);
        Arguments.shape(name + ".weighted", weighted, batch, heads, rows, width);
    }

    void checkWhole(String name) {
        if (maximum == null || normaliser == null || weighted == null) {
            throw new IllegalArgumentException(name + " must have maximum, normaliser and weighted");
        }
    }
}
