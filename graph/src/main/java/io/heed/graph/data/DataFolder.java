package io.heed.graph.data;

import java.nio.file.Path;
import java.util.Optional;

import io.heed.data.DataFolders;

/** Where graph sets are: {@link DataFolders}' places. */
public final class DataFolder {
    private DataFolder() { }

    /**
     * The folder of the data set called {@code name}, if one of the places has it.
     *
     * @param given the user's {@code --data}; null for none
     * @throws IllegalArgumentException when {@code given} is no folder
     */
    public static Optional<Path> find(Path given, String name) {
        return DataFolders.of(given).find(name);
    }

    /**
     * The folder of the data set called {@code name}.
     *
     * @throws IllegalArgumentException when no place has it, with the places
     */
    public static Path get(Path given, String name) {
        return DataFolders.of(given).get(name);
    }
}
