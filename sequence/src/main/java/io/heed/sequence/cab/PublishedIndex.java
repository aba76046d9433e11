package io.heed.sequence.cab;

import java.util.Arrays;

import io.heed.sequence.Pattern;

/**
 * The constants of the published index, means and deviations over the paper's nine attentions, by pattern: metrics in
 * the order of the tasks that the comments name.
 *
 * @param mu    means
 * @param sigma deviations
 * @param sign  1 where higher is better, -1 where lower is
 * @param tasks metrics of each task
 */
record PublishedIndex(double[] mu, double[] sigma, double[] sign, int[] tasks) {
    static PublishedIndex of(Pattern pattern) {
        return switch (pattern) {
            // speech: MCD and MSD of FastSpeech 2, then of Transformer-TTS; summaries: ROUGE-1/2/L; super-resolution:
            // PSNR, SSIM; masked language model: perplexity
            case NONCAUSAL_SELF -> new PublishedIndex(
                    new double[] {3.4245, 1.97429, 4.06947, 2.19021, 34.88667, 6.79333, 31.96889, 23.208, 0.6758,
                            36.292},
                    new double[] {0.06832, 0.0361768, 0.09422, 0.03866, 1.39697, 1.41078, 1.31499, 0.27499, 0.01557,
                            62.30827},
                    signs("----+++++-"), new int[] {4, 3, 2, 1});
            // speech, summaries, language model
            case CAUSAL_SELF -> new PublishedIndex(new double[] {4.08325, 2.20085, 32.9575, 6.0925, 30.2575, 22.26},
                    new double[] {0.04529, 0.01372, 1.92754, 0.41007, 1.61951, 8.29944}, signs("--+++-"),
                    new int[] {2, 3, 1});
            // point clouds: CD-l1, CD-l2, F-score; forecasting: MSE, MAE of ETT, ECL, Weather
            case NONCAUSAL_CROSS -> new PublishedIndex(
                    new double[] {7.7025, 0.24775, 0.7625, 1.18933, 0.80625, 0.47575, 0.511, 0.62025, 0.58075},
                    new double[] {0.64789, 0.03366, 0.03906, 0.05615, 0.02193, 0.01057, 0.00601, 0.18948, 0.10312},
                    signs("--+------"), new int[] {3, 6});
            // speech, summaries
            case CAUSAL_CROSS -> new PublishedIndex(new double[] {5.5037, 2.6278, 31.35, 5.26, 28.8},
                    new double[] {1.29239, 0.42726, 3.77103, 1.26028, 3.28638}, signs("--+++"), new int[] {2, 3});
        };
    }

    private static double[] signs(String text) {
        double[] signs = new double[text.length()];
        Arrays.setAll(signs, i -> text.charAt(i) == '+' ? 1 : -1);
        return signs;
    }
}
