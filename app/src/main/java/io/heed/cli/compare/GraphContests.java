package io.heed.cli.compare;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import io.heed.data.DataFolders;
import io.heed.graph.Encoding;
import io.heed.graph.GraphLayerKind;
import io.heed.graph.GraphLayers;
import io.heed.graph.NodeTask;
import io.heed.graph.data.NodeData;
import io.heed.graph.data.OgbCsv;
import io.heed.graph.data.TsvNodeData;
import io.heed.graph.data.WordNetGraph;

/** Networks that classify a graph's nodes and differ in their layer. */
final class GraphContests implements ContestFamily {
    /** WordNet's graph, which is there on every machine. */
    static final String WORDNET = "wordnet-nodes";
    /** Width of the Laplacian encoding. */
    private static final int POSITIONS = 8;
    /** Larger graphs go without the encoding: its eigenvectors would take longer than training. */
    private static final int LARGE = 50_000;
    /** Edges a node at the first hop, and at all further ones, where neighbourhoods are sampled. */
    static final int NEAR = 10;
    static final int FAR = 5;

    /** The one task whose set comes in the Open Graph Benchmark's layout. */
    private static final String OGB = "ogbn-arxiv";
    private static final List<String> TASKS =
            List.of("cora", "citeseer", "pubmed", "texas", "chameleon-filtered", "minesweeper", OGB, WORDNET);
    /** The layers of a comparison that names none. */
    private static final List<String> USUAL = List.of("gcn", "gat", "gin", "gated-gcn", "graph-transformer");

    @Override
    public List<String> tasks() {
        return TASKS;
    }

    @Override
    public String mixerNoun() {
        return "graph layer";
    }

    @Override
    public List<String> mixers() {
        return GraphLayers.all().stream().map(GraphLayerKind::id).toList();
    }

    @Override
    public boolean knows(String mixer) {
        return GraphLayers.all().stream().anyMatch(kind -> kind.id().equals(mixer) || kind.aliases().contains(mixer));
    }

    @Override
    public CompareSettings defaults(String task) {
        return task.equals(WORDNET) || task.equals(OGB)
                ? new CompareSettings(task, "", "", "", USUAL, 120, List.of(0L), 64, 2, 8, 0, 512, 1e-2,
                CompareSettings.SPLIT_OF_SEED)
                : new CompareSettings(task, "", "", "", USUAL, 200, List.of(0L), 64, 2, 8, 0, 0, 1e-2,
                CompareSettings.SPLIT_OF_SEED);
    }

    @Override
    public boolean hasSplits() {
        return true;
    }

    @Override
    public void check(CompareSettings settings) {
        settings.mixers().forEach(GraphLayers::named);
        if (settings.length() != 0) {
            throw new IllegalArgumentException("the task " + settings.task() + " has no sequences: leave --length out");
        }
        if (!settings.data().isEmpty() && settings.task().equals(WORDNET)) {
            throw new IllegalArgumentException("the task " + WORDNET + " reads no data set: leave --data out");
        }
        CompareSettings.check(settings.batch() >= 0, "batch", settings.batch(),
                "a number of nodes, or 0 for the whole graph every step");
        CompareSettings.check(settings.width() >= 4, "width", settings.width(), "at least 4");
    }

    @Override
    public Contest<?> open(CompareSettings settings) {
        NodeData data = read(settings);
        if (settings.split() >= data.splits().size()) {
            throw new IllegalArgumentException("split is " + settings.split() + ", must be 0 to "
                    + (data.splits().size() - 1) + ": " + data.name() + " has " + data.splits().size());
        }
        int positions = data.graph().nodes() > LARGE ? 0 : POSITIONS;
        float[] encoding = positions == 0 ? null
                : Encoding.LAPLACIAN.of(data.graph(), positions, Encoding.userCache());
        return new GraphContest(settings, task(settings, data, settings.seeds().getFirst(), encoding, positions),
                encoding, positions);
    }

    /** The task with the split that {@code seed} trains on. */
    static NodeTask task(CompareSettings settings, NodeData data, long seed, float[] encoding, int positions) {
        int split = settings.split() == CompareSettings.SPLIT_OF_SEED
                ? Math.floorMod(seed, data.splits().size()) : settings.split();
        return settings.batch() == 0 ? NodeTask.whole(data, split, encoding, positions)
                : NodeTask.sampled(data, split, encoding, positions, settings.batch(), fanOuts(settings.layers()));
    }

    private static NodeData read(CompareSettings settings) {
        if (settings.task().equals(WORDNET)) {
            return WordNetGraph.nodes();
        }
        Path folder = DataFolders.of(settings.data().isEmpty() ? null : Path.of(settings.data())).get(settings.task());
        return settings.task().equals(OGB) ? OgbCsv.read(folder, true) : TsvNodeData.read(folder);
    }

    private static int[] fanOuts(int layers) {
        int[] fanOuts = new int[layers];
        Arrays.fill(fanOuts, FAR);
        fanOuts[0] = NEAR;
        return fanOuts;
    }
}
