package io.heed.sequence.bam;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CharacterVocabulary;
import io.heed.data.DictionaryRegisters;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;
import io.heed.train.TrainEvent;

/** The three phases on three domains: a seed, its specialists, and mixtures of them trained on equal tokens. */
final class BamStudy implements Study {
    private static final int LAYERS = 2;
    private static final int WIDTH = 64;
    private static final int HEADS = 4;
    private static final int HIDDEN = 128;
    private static final int LENGTH = 96;
    private static final int ROWS = 9;
    private static final double RATE = 2e-3;
    /** Nats by which two arms may differ and count as level. */
    private static final double LEVEL = 0.005;

    private static final String DENSE = "dense, continued";
    private static final String BTX = "BTX";
    private static final String BTX_COMPUTE = "BTX, equal compute";
    private static final String SHARED = "BAM, shared keys and values";
    private static final String EXPERTS = "BAM, own keys and values";
    private static final String ONE = "BAM, one attention expert a token";
    private static final String SPARSE = "sparse upcycling of the seed";

    /** Steps of the phases. */
    private record Sizes(int seed, int specialist, int mixture, int runs, int windows) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(300, 200, 250, 1, 36) : new Sizes(3000, 2000, 2000, 2, 180);
        }
    }

    /** One way to go on from the specialists. */
    private record Recipe(String name, boolean mixed, Upcycling.Attention attention, int routed, boolean copies,
                          boolean compute) { }

    private static final List<Recipe> RECIPES = List.of(
            new Recipe(DENSE, false, null, 0, true, false),
            new Recipe(BTX, true, Upcycling.Attention.AVERAGED, 0, false, false),
            new Recipe(SHARED, true, Upcycling.Attention.SHARED_KEYS_AND_VALUES, 0, false, false),
            new Recipe(EXPERTS, true, Upcycling.Attention.EXPERTS, 0, false, false),
            new Recipe(ONE, true, Upcycling.Attention.EXPERTS, 1, false, false),
            new Recipe(SPARSE, true, Upcycling.Attention.AVERAGED, 0, true, false),
            new Recipe(BTX_COMPUTE, true, Upcycling.Attention.AVERAGED, 0, false, true));

    /** What a recipe came to, means over runs. */
    private static final class Arm {
        private double perplexity;
        private double loss;
        private long steps;
        private double cost;
        private final List<double[]> curve = new ArrayList<>();
    }

    @Override
    public List<Claim> claims() {
        return BamSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("bam", budget).claims(claims());
        Sizes sizes = Sizes.of(budget);
        DictionaryRegisters registers = DictionaryRegisters.of(WordNet.glosses());
        TextCorpus sums = ArithmeticText.corpus(20_000);
        CharacterVocabulary vocabulary = CharacterVocabulary.of(registers.examples().train()
                + registers.definitions().train() + sums.train());
        List<TextData> domains = List.of(new TextData(registers.examples(), vocabulary, LENGTH),
                new TextData(registers.definitions(), vocabulary, LENGTH), new TextData(sums, vocabulary, LENGTH));
        Map<String, Arm> arms = new LinkedHashMap<>();
        RECIPES.forEach(recipe -> arms.put(recipe.name, new Arm()));
        double[] specialists = new double[4];
        for (int run = 0; run < sizes.runs; run++) {
            try (PointerScope _ = new PointerScope()) {
                run(domains, vocabulary.size(), sizes, run, arms, specialists, progress);
            }
        }
        report.table(table(arms, specialists)).plot(curves(arms));
        report.note("Domains: WordNet's example sentences, its definitions, and made-up sums and brackets; the paper's"
                + " are"
                + " law, mathematics and code. Characters, N = " + LENGTH + ", D = " + WIDTH + ", " + LAYERS
                + " parallel blocks, " + HEADS + " heads, " + sizes.runs + " run(s).");
        report.note("Phases: a seed on all domains (" + sizes.seed + " steps), three specialists (" + sizes.specialist
                + " steps each), mixtures on all domains (" + sizes.mixture + " steps of " + ROWS
                + " windows). Experts are the"
                + " three specialists and the seed; one MLP expert a token, gates not renormalised.");
        report.note("Equal compute: BTX trains for as many more steps as a step of BAM with its own keys and values"
                + " costs more"
                + " multiply-adds.");
        return verdict(report, arms);
    }

    private static Report verdict(Report.Builder report, Map<String, Arm> arms) {
        double experts = arms.get(EXPERTS).loss;
        double shared = arms.get(SHARED).loss;
        double btx = arms.get(BTX).loss;
        double compute = arms.get(BTX_COMPUTE).loss;
        double one = arms.get(ONE).loss;
        boolean beats = experts < btx;
        boolean between = shared <= btx + LEVEL && shared >= experts - LEVEL;
        boolean soft = experts <= one;
        boolean beatsCompute = experts < compute;
        int held = (beats ? 1 : 0) + (between ? 1 : 0) + (soft ? 1 : 0) + (beatsCompute ? 1 : 0);
        String reason = String.format(Locale.ROOT,
                "mean loss over the domains: BAM with its own keys and values %.4f nats, with"
                + " shared ones %.4f, BTX %.4f for equal tokens and %.4f for equal compute, one attention expert a"
                + " token %.4f:"
                + " BAM is %s BTX for equal tokens and %s it for equal compute", experts, shared, btx, compute, one,
                beats ? "ahead of" : "not ahead of", beatsCompute ? "ahead of" : "not ahead of");
        return report.verdict(beats && between && soft && beatsCompute ? Verdict.Outcome.REPRODUCED : held > 0
                ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static void run(List<TextData> domains, int vocabulary, Sizes sizes, int run, Map<String, Arm> arms,
            double[] specialists, Progress progress) {
        List<Integer> all = List.of(0, 1, 2);
        DomainTask mixture = new DomainTask(domains, all, ROWS, sizes.windows);
        progress.update(0, "seed");
        DenseModel seed = dense(vocabulary, run);
        specialists[3] += StudyTraining.train(seed, mixture, StudyTraining.config(sizes.seed, RATE, run))
                .value() / sizes.runs;
        List<DenseModel> models = new ArrayList<>();
        for (int domain : all) {
            progress.update(0.1 + 0.07 * domain, "specialist of " + domains.get(domain).id());
            DenseModel specialist = dense(vocabulary, run).branch(seed);
            DomainTask own = new DomainTask(domains, List.of(domain), ROWS, sizes.windows);
            StudyTraining.train(specialist, own, StudyTraining.config(sizes.specialist, RATE, run));
            specialist.eval();
            specialists[domain] += Math.exp(own.loss(specialist, domains.get(domain))) / sizes.runs;
            models.add(specialist);
        }
        models.add(seed);
        List<DenseModel> copies = List.of(seed, seed, seed, seed);
        int done = 0;
        for (Recipe recipe : RECIPES) {
            progress.update(0.3 + 0.7 * done++ / RECIPES.size(), recipe.name);
            train(recipe, recipe.copies ? copies : models, vocabulary, mixture, sizes, run, arms.get(recipe.name));
        }
    }

    private static void train(Recipe recipe, List<DenseModel> models, int vocabulary, DomainTask task, Sizes sizes,
            int run,
            Arm arm) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(run, "routers", 0);
            ParallelModel<?> model = recipe.mixed ? BamModel.of(models, vocabulary, config(recipe, models.size()),
                    recipe.attention) : dense(vocabulary, run).branch(models.getFirst());
            arm.cost = cost(recipe, models.size());
            double longer = recipe.compute ? cost(RECIPES.get(3), models.size()) / arm.cost : 1;
            arm.steps = Math.round(sizes.mixture * longer);
            boolean first = run == 0;
            var evaluation = StudyTraining.train(model, task, StudyTraining.config(arm.steps, RATE, 100 + run)
                    .withEvery(Math.max(1, arm.steps / 5), 0), event -> {
                if (first && event instanceof TrainEvent.Evaluated evaluated) {
                    arm.curve.add(new double[] {evaluated.step(), evaluated.evaluation().value()});
                }
            });
            arm.perplexity += evaluation.value() / sizes.runs;
            arm.loss += evaluation.loss() / sizes.runs;
        }
    }

    private static DenseModel dense(int vocabulary, int run) {
        Seeds.seedTorch(run, "weights", 0);
        return new DenseModel(vocabulary, LAYERS, attention(1, false, 0), HIDDEN);
    }

    private static SoftMixtureConfig attention(int experts, boolean sharing, int routed) {
        return new SoftMixtureConfig(WIDTH, HEADS, HEADS, WIDTH / HEADS, experts, sharing, routed, true, true);
    }

    private static BamConfig config(Recipe recipe, int experts) {
        boolean averaged = recipe.attention == Upcycling.Attention.AVERAGED;
        return new BamConfig(attention(averaged ? 1 : experts, recipe.attention
                == Upcycling.Attention.SHARED_KEYS_AND_VALUES,
                recipe.routed), experts, HIDDEN, 1, false, 1e-5);
    }

    /** Multiply-adds a token and layer: projections, half the scores of N keys and their sums, and one MLP. */
    private static double cost(Recipe recipe, int experts) {
        int attentions = !recipe.mixed || recipe.attention == Upcycling.Attention.AVERAGED ? 1 : experts;
        int keys = recipe.attention == Upcycling.Attention.SHARED_KEYS_AND_VALUES ? 1 : attentions;
        double square = (double) WIDTH * WIDTH;
        return attentions * (2 * square + (double) LENGTH * WIDTH) + keys * 2 * square + 3.0 * WIDTH * HIDDEN;
    }

    private static Table table(Map<String, Arm> arms, double[] specialists) {
        List<List<Object>> rows = new ArrayList<>();
        rows.add(Arrays.asList("seed, before", specialists[3], null, null, null));
        rows.add(Arrays.asList("specialists, each on its own domain",
                (specialists[0] + specialists[1] + specialists[2]) / 3, null, null, null));
        arms.forEach((name, arm) -> rows.add(List.of(name, arm.perplexity, arm.loss, arm.steps, arm.cost)));
        return new Table("Mean over three domains (paper: BAM ahead of BTX for equal tokens and for equal compute)",
                List.of("arm", "perplexity", "loss, nats", "steps", "multiply-adds a token and layer"), rows);
    }

    private static Plot curves(Map<String, Arm> arms) {
        return new Plot("Mixture training", "step", "mean perplexity", arms.entrySet().stream()
                .map(arm -> new Plot.Series(arm.getKey(), arm.getValue().curve.stream().mapToDouble(p -> p[0])
                .toArray(),
                        arm.getValue().curve.stream().mapToDouble(p -> p[1]).toArray())).toList());
    }
}
