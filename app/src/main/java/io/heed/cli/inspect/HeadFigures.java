package io.heed.cli.inspect;

import io.heed.insight.AttentionStatistics;

/**
 * What one head does on the text.
 *
 * @param layer     its layer
 * @param head      its number
 * @param first     mean share of attention on the first token (alpha_1)
 * @param raw       the same of raw weights
 * @param mass      mean sum of a row of raw weights
 * @param strongest the token among the first half that draws most
 * @param most      its share
 * @param sinks     share of windows in which that token is a sink
 * @param entropy   mean entropy of a row, nats
 * @param evenness  that over the entropy of even attention
 * @param distance  mean distance, tokens
 * @param previous  mean share on the token before
 * @param worth     what the loss rises by without the head, nats a token; NaN if not measured
 */
record HeadFigures(int layer, int head, double first, double raw, double mass, int strongest, double most, double sinks,
                   double entropy, double evenness, double distance, double previous, double worth) {

    static HeadFigures of(int layer, int head, AttentionStatistics found, double epsilon, double worth) {
        int strongest = found.strongestKey(head);
        return new HeadFigures(layer, head, found.alpha(head, 0), found.rawAlpha(head, 0), found.mass()[head],
                strongest,
                found.alpha(head, strongest), found.sinkShare(head, strongest, epsilon), found.entropy()[head],
                found.evenness()[head], found.distance()[head], found.length() > 1 ? found.profile()[head][1] : 0,
                worth);
    }

    /** Whether one token is a sink in most windows. */
    boolean isSink() {
        return sinks > 0.5;
    }
}
