package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.graph.NodeTask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GraphContestsTest {
    @TempDir
    private Path folder;

    /** A ring of ten nodes with three splits: number s trains on node s alone. */
    @BeforeEach
    void writeGraph() throws IOException {
        Path set = Files.createDirectories(folder.resolve("texas"));
        StringBuilder nodes = new StringBuilder("node\tlabel\n");
        StringBuilder features = new StringBuilder("node\tindices\n");
        StringBuilder edges = new StringBuilder("u\tv\n");
        StringBuilder splits = new StringBuilder("node\tsplits\n");
        for (int i = 0; i < 10; i++) {
            nodes.append(i).append('\t').append(i % 2).append('\n');
            features.append(i).append('\t').append(i).append('\n');
            edges.append(i).append('\t').append((i + 1) % 10).append('\n');
            splits.append(i).append('\t');
            for (int s = 0; s < 3; s++) {
                splits.append(s == i ? 't' : i < 6 ? 'v' : 'e');
            }
            splits.append('\n');
        }
        Files.writeString(set.resolve("nodes.tsv"), nodes);
        Files.writeString(set.resolve("features.tsv"), features);
        Files.writeString(set.resolve("edges.tsv"), edges);
        Files.writeString(set.resolve("splits.tsv"), splits);
    }

    private CompareSettings settings(String task, int split) {
        ObjectNode keys = JsonNodeFactory.instance.objectNode().put("task", task).put("seeds", 4).put("split", split);
        return CompareSettings.read(task.equals("texas") ? keys.put("data", folder.toString()) : keys, "test");
    }

    private static int trainNode(Contest<?> contest) {
        return ((NodeTask) contest.task()).split().train()[0];
    }

    @Test
    void everySeedTakesASplitOfItsOwnUnlessOneIsNamed() throws IOException {
        Contest<?> each = Contests.open(settings("texas", CompareSettings.SPLIT_OF_SEED));
        assertThat(Stream.of(0, 1, 2, 3).map(seed -> trainNode(each.ofSeed(seed)))).containsExactly(0, 1, 2, 0);
        assertThat(each.facts()).containsEntry("Split", "of the data set's 3, seed s takes number s modulo 3");
        Contest<?> second = Contests.open(settings("texas", 1));
        assertThat(trainNode(second.ofSeed(0))).isEqualTo(1);
        assertThat(trainNode(second.ofSeed(2))).isEqualTo(1);
    }

    @Test
    void aSplitThatIsNotThereIsOneClearLine() {
        assertThatThrownBy(() -> Contests.open(settings("texas", 3))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("split is 3, must be 0 to 2: texas has 3");
        assertThatThrownBy(() -> settings("text", 1))
                .hasMessageContaining("the task text has no splits to choose from: leave --split out");
    }
}
