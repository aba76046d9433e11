package io.heed.sequence.moh;

/**
 * What mixture-of-head attention on a grid is built from.
 *
 * @param width     D
 * @param heads     H
 * @param headWidth d
 * @param shared    h_s, heads that are always on
 * @param chosen    k, routed heads that are on for a token
 * @param routed    whether there are routers; without them all heads are on
 * @param gates     how probabilities become gates
 * @param cells     H W, cells of the grid
 * @param hidden    F, hidden width of the bias MLP, 512 in the paper's models
 * @param layers    of the whole model, for the projection's initial scale
 */
public record MohVitConfig(long width, int heads, long headWidth, int shared, int chosen, boolean routed,
                           HeadRouter.Gates gates, long cells, long hidden, int layers) { }
