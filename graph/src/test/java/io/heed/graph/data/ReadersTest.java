package io.heed.graph.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.data.DataFolders;
import io.heed.graph.NodeFeatures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ReadersTest {
    @Test
    void coraIsWhatItsReadmeSays() {
        NodeData cora = TsvNodeData.read(folder("cora"));
        assertThat(cora.graph().nodes()).isEqualTo(2708);
        assertThat(cora.graph().edges()).isEqualTo(2 * 5278);
        assertThat(cora.classes()).isEqualTo(7);
        NodeFeatures.Sparse features = (NodeFeatures.Sparse) cora.graph().features();
        assertThat(features.width()).isEqualTo(1433);
        assertThat(features.entries().edges()).isEqualTo(49_216);
        NodeSplit split = cora.splits().getFirst();
        assertThat(split.train()).hasSize(140);
        assertThat(split.validation()).hasSize(500);
        assertThat(Arrays.stream(split.test()).filter(node -> node >= 1708)).hasSize(1000);
    }

    @Test
    void citeseerKeepsItsPlaceholders() {
        NodeData citeseer = TsvNodeData.read(folder("citeseer"));
        assertThat(citeseer.graph().nodes()).isEqualTo(3327);
        assertThat(citeseer.labels()).contains(-1);
        assertThat(citeseer.graph().inDegrees()).contains(0);
    }

    @Test
    void setsWithTenSplitsHaveTen() {
        NodeData texas = TsvNodeData.read(folder("texas"));
        assertThat(texas.splits()).hasSize(10);
        assertThat(texas.splits().getFirst().train()).hasSize(87);
        assertThat(texas.splits().getFirst().validation()).hasSize(59);
        assertThat(texas.splits().getFirst().test()).hasSize(37);
        NodeData chameleon = TsvNodeData.read(folder("chameleon-filtered"));
        assertThat(chameleon.graph().edges()).isEqualTo(2 * 8854);
        assertThat(chameleon.splits().getFirst().train()).hasSize(409);
        NodeData minesweeper = TsvNodeData.read(folder("minesweeper"));
        assertThat(minesweeper.graph().edges()).isEqualTo(2 * 39_402);
        assertThat(minesweeper.splits().get(9).test()).hasSize(2500);
    }

    @Test
    void graphSetsAreWhatTheirReadmesSay() {
        GraphData mutag = JsonGraphData.read(folder("mutag"));
        assertThat(mutag.graphs()).hasSize(188);
        assertThat(Arrays.stream(mutag.labels()).filter(y -> y == 1)).hasSize(125);
        assertThat(Arrays.stream(mutag.folds()).filter(fold -> fold == -1)).hasSize(8);
        assertThat(mutag.graphs().getFirst().features().width()).isEqualTo(7);
        GraphData imdb = JsonGraphData.read(folder("imdb-binary"));
        assertThat(imdb.graphs()).hasSize(1000);
        assertThat(imdb.graphs().getFirst().features().width()).isEqualTo(101);
        assertThat(JsonGraphData.read(folder("proteins")).graphs()).hasSize(1113);
        assertThat(JsonGraphData.read(folder("nci1")).graphs()).hasSize(4110);
    }

    @Test
    void triplesAreWhatTheirReadmesSay() {
        TripleData wn18rr = TsvTriples.read(folder("wn18rr"));
        assertThat(wn18rr.entities()).hasSize(40_943);
        assertThat(wn18rr.relations()).hasSize(11);
        assertThat(wn18rr.train().length).isEqualTo(86_835);
        assertThat(wn18rr.test().length).isEqualTo(3134);
        assertThat(TsvTriples.read(folder("fb15k-237")).valid().length).isEqualTo(17_535);
    }

    @Test
    void wordNetIsAGraphOnEveryMachine() {
        NodeData wordnet = WordNetGraph.nodes();
        assertThat(wordnet.graph().nodes()).isEqualTo(117_791);
        assertThat(wordnet.graph().edges()).isBetween(300_000, 400_000);
        assertThat(wordnet.graph().edgeTypes()).hasSize(wordnet.graph().edges());
        assertThat(wordnet.labels()).doesNotContain(-1).contains(0, 44);
        NodeSplit split = wordnet.splits().getFirst();
        assertThat(split.train().length + split.validation().length + split.test().length).isEqualTo(117_791);
        assertThat(split.validation().length).isBetween(5_000, 6_800);
        TripleData triples = WordNetGraph.triples();
        assertThat(triples.train().length + triples.valid().length + triples.test().length)
                .isEqualTo(wordnet.graph().edges());
        assertThat(triples.relations()).hasSizeBetween(20, 30);
    }

    @Test
    void edgeListsTakeCommentsHeadingsAndCommas(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("edges.csv"), "# a comment\nsource,target\n0,1\n3,1\n");
        assertThat(EdgeList.read(file, false).nodes()).isEqualTo(4);
        assertThat(EdgeList.read(file, true).edges()).isEqualTo(4);
        Files.writeString(file, "0 1\n2 x\n");
        assertThatThrownBy(() -> EdgeList.read(file, false)).hasMessage(file + " line 2: 'x' is not a whole number");
        Files.writeString(file, "# nothing\n");
        assertThatThrownBy(() -> EdgeList.read(file, false)).hasMessage(file + " holds no edge");
        assertThatThrownBy(() -> EdgeList.read(folder.resolve("none"), false))
                .hasMessage(folder.resolve("none") + " does not exist");
    }

    @Test
    void anEdgeToANodeThatDoesNotExistIsNamed(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("nodes.tsv"), "node\tlabel\tsplit\n0\t0\ttrain\n1\t1\tval\n");
        Files.writeString(folder.resolve("edges.tsv"), "u\tv\n0\t1\n0\t2\n");
        Files.writeString(folder.resolve("features.tsv"), "node\tindices\n0\t0 2\n1\t\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessage(folder.resolve("edges.tsv") + " line 3: node 2 does not exist, there are 2");
        Files.writeString(folder.resolve("edges.tsv"), "u\tv\n0\t1\n");
        assertThat(TsvNodeData.read(folder).graph().features().width()).isEqualTo(3);
        Files.writeString(folder.resolve("nodes.tsv"), "node\tlabel\tsplit\n0\t0\ttrain\n1\t1\tlater\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessageContaining("node 1 has split 'later', must be train, val, test or none");
    }

    @Test
    void ogbsLayoutIsRead(@TempDir Path folder) throws IOException {
        Path raw = Files.createDirectories(folder.resolve("raw"));
        Path split = Files.createDirectories(folder.resolve("split").resolve("time"));
        Files.writeString(raw.resolve("num-node-list.csv"), "3\n");
        Files.writeString(raw.resolve("edge.csv"), "0,1\n1,2\n");
        Files.writeString(raw.resolve("node-feat.csv"), "1,2\n3,4\n5,6.5\n");
        Files.writeString(raw.resolve("node-label.csv"), "0\n2\nnan\n");
        Files.writeString(split.resolve("train.csv"), "0\n");
        Files.writeString(split.resolve("valid.csv"), "1\n");
        Files.writeString(split.resolve("test.csv"), "1\n");
        Files.writeString(raw.resolve("edge-feat.csv"), "10,20\n30,40\n");
        NodeData data = OgbCsv.read(folder, true);
        assertThat(data.graph().edges()).isEqualTo(4);
        assertThat(data.graph().edgeFeatures().values()).containsExactly(10, 20, 30, 40, 10, 20, 30, 40);
        assertThat(data.labels()).containsExactly(0, 2, -1);
        assertThat(((NodeFeatures.Dense) data.graph().features()).values()).containsExactly(1, 2, 3, 4, 5, 6.5f);
        Files.writeString(raw.resolve("node-feat.csv"), "1,2\n3\n5,6\n");
        assertThatThrownBy(() -> OgbCsv.read(folder, true)).hasMessage(raw.resolve("node-feat.csv")
                + " line 2: has 1 features, the first node has 2");
    }

    @Test
    void emptyAndRaggedFilesAreNamed(@TempDir Path folder) throws IOException {
        Path nodes = Files.writeString(folder.resolve("nodes.tsv"), "");
        assertThatThrownBy(() -> TsvNodeData.read(folder)).hasMessage(nodes + " is empty");
        Files.writeString(nodes, "node\tlabel\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessage(folder + ": the graph is empty, nodes.tsv lists no node");
        Files.writeString(nodes, "node\tlabel\n0\t0\n1\t1\n");
        Files.writeString(folder.resolve("edges.tsv"), "u\tv\n0\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessage(folder.resolve("edges.tsv") + " line 2: has 1 fields, must have 2");
        Files.writeString(folder.resolve("edges.tsv"), "u\tv\n");
        Files.writeString(folder.resolve("features.tsv"), "node\tindices\n2\t0\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessage(folder.resolve("features.tsv") + " line 2: node 2 does not exist, there are 2");
        Files.writeString(folder.resolve("features.tsv"), "node\tindices\n0\t0\n");
        Files.writeString(folder.resolve("splits.tsv"), "node\tsplits\n0\ttv\n1\tt\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessage(folder.resolve("splits.tsv") + " line 3: has 1 splits, the first node has 2");
        Files.writeString(nodes, "node\tlabel\n0\t0\n1\t-1\n");
        Files.writeString(folder.resolve("splits.tsv"), "node\tsplits\n0\tt\n1\te\n");
        assertThatThrownBy(() -> TsvNodeData.read(folder))
                .hasMessageEndingWith(": node 1 is for test but has no label");
        Files.writeString(folder.resolve("graphs.jsonl"), "{\"y\": 0, \"tags\": [], \"edges\": []}\n");
        assertThatThrownBy(() -> JsonGraphData.read(folder)).hasMessage(folder.resolve("graphs.jsonl")
                + " line 1: the graph is empty: it needs at least one node");
        Files.writeString(folder.resolve("graphs.jsonl"), "{\"y\": 0, \"tags\": [0, 0], \"edges\": [[0, 2]]}\n");
        assertThatThrownBy(() -> JsonGraphData.read(folder)).hasMessage(folder.resolve("graphs.jsonl")
                + " line 1: edge 0 ends at node 2, must be 0 to 1");
    }

    private static Path folder(String name) {
        Optional<Path> found = DataFolders.of(null).find(name);
        Assumptions.assumeTrue(found.isPresent(), "no data set " + name);
        return found.orElseThrow();
    }
}
