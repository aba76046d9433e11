package io.heed.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class DataFoldersTest {
    @Test
    void theGivenFolderComesFirstAndDebiansLast(@TempDir Path folder) {
        assertThat(DataFolders.of(folder).places()).startsWith(folder).endsWith(Path.of("/usr/share/datasets"));
        assertThat(DataFolders.of(null).places()).doesNotContain(folder);
    }

    @Test
    void aSetInAnEarlierPlaceHidesOneOfTheSameName(@TempDir Path folder) throws IOException {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        Files.createDirectories(first.resolve("cifar-10"));
        Files.createDirectories(second.resolve("cifar-10"));
        Files.createDirectories(second.resolve("a"));
        Files.writeString(second.resolve("file"), "no set");
        DataFolders folders = DataFolders.in(folder.resolve("none"), first, second);
        assertThat(folders.find("cifar-10")).contains(first.resolve("cifar-10"));
        assertThat(folders.find("b")).isEmpty();
        assertThat(folders.found()).isEqualTo(
                Map.of("cifar-10", first.resolve("cifar-10"), "a", second.resolve("a")));
    }

    @Test
    void whatIsNowhereIsNamedWithThePlaces(@TempDir Path folder) {
        assertThatThrownBy(() -> DataFolders.in(folder).get("mnist")).hasMessage("data set 'mnist' is not in " + folder
                + ": set --data or HEED_DATA to the folder that holds it");
        assertThatThrownBy(() -> DataFolders.of(folder.resolve("none")))
                .hasMessage("data folder " + folder.resolve("none") + " does not exist");
    }
}
