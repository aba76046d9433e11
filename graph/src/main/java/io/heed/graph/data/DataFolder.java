package io.heed.graph.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where data sets are: the folder that the user names, else {@code HEED_DATA}, else {@code ../shared/data}. */
public final class DataFolder {
    private static final String VARIABLE = "HEED_DATA";

    private DataFolder() { }

    /**
     * The folder of the data set called {@code name}, if one of the places has it.
     *
     * @param given the user's {@code --data}; null for none
     * @throws IllegalArgumentException when {@code given} is no folder
     */
    public static Optional<Path> find(Path given, String name) {
        if (given != null && !Files.isDirectory(given)) {
            throw new IllegalArgumentException("data folder " + given + " does not exist");
        }
        return places(given).stream().map(place -> place.resolve(name)).filter(Files::isDirectory).findFirst();
    }

    /**
     * The folder of the data set called {@code name}.
     *
     * @throws IllegalArgumentException when no place has it, with the places
     */
    public static Path get(Path given, String name) {
        return find(given, name).orElseThrow(() -> new IllegalArgumentException("data set '" + name + "' is not in "
                + String.join(", ", places(given).stream().map(Path::toString).toList())
                + ": set --data or " + VARIABLE + " to the folder that holds it"));
    }

    private static List<Path> places(Path given) {
        List<Path> places = new ArrayList<>();
        if (given != null) {
            places.add(given);
        }
        String set = System.getenv(VARIABLE);
        if (set != null && !set.isBlank()) {
            places.add(Path.of(set));
        }
        Path root = Path.of(System.getProperty("heed.root", "."));
        places.add(root.resolve("../shared/data").normalize());
        return places;
    }
}
