package io.heed.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where data sets are looked for, the first place first: the folder that the user names ({@code --data}),
 * {@value #VARIABLE}, {@code ../shared/data} beside the project, and {@value #DEBIAN}, where Debian's data set packages
 * put theirs. A set is a folder of its name in one of the places; a set in an earlier place hides one of the same name
 * in a later place.
 */
public final class DataFolders {
    /** The environment variable that names a folder of data sets. */
    public static final String VARIABLE = "HEED_DATA";

    /** Where Debian's data set packages install. */
    public static final String DEBIAN = "/usr/share/datasets";

    private final List<Path> places;

    private DataFolders(List<Path> places) {
        this.places = List.copyOf(places);
    }

    /**
     * The usual places.
     *
     * @param given the user's {@code --data}, which comes first; null for none
     * @throws IllegalArgumentException when {@code given} is no folder
     */
    public static DataFolders of(Path given) {
        if (given != null && !Files.isDirectory(given)) {
            throw new IllegalArgumentException("data folder " + given + " does not exist");
        }
        List<Path> places = new ArrayList<>();
        if (given != null) {
            places.add(given);
        }
        String set = System.getenv(VARIABLE);
        if (set != null && !set.isBlank()) {
            places.add(Path.of(set.strip()));
        }
        String house = System.getProperty("heed.root", System.getProperty("heed.home", "."));
        places.add(Path.of(house).resolve("../shared/data").normalize());
        places.add(Path.of(DEBIAN));
        return new DataFolders(places);
    }

    /** These places and no others, for tools that know where their data is. */
    public static DataFolders in(Path... places) {
        return new DataFolders(List.of(places));
    }

    /** Where sets are looked for, in order, whether the folder exists or not. */
    public List<Path> places() {
        return places;
    }

    /** The folder of the set called {@code name}, if one of the places has it. */
    public Optional<Path> find(String name) {
        return places.stream().map(place -> place.resolve(name)).filter(Files::isDirectory).findFirst();
    }

    /**
     * The folder of the set called {@code name}.
     *
     * @throws IllegalArgumentException when no place has it, with the places
     */
    public Path get(String name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("data set '" + name + "' is not in "
                + String.join(", ", places.stream().map(Path::toString).toList())
                + ": set --data or " + VARIABLE + " to the folder that holds it"));
    }

    /** What is found: the folder of each set by name, sorted by name within a place, the places in order. */
    public Map<String, Path> found() {
        Map<String, Path> found = new LinkedHashMap<>();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> inside = Files.list(place)) {
                    inside.filter(Files::isDirectory).sorted()
                            .forEach(set -> found.putIfAbsent(set.getFileName().toString(), set));
                } catch (IOException e) {
                    throw new UncheckedIOException("data folder " + place + " cannot be listed: " + e.getMessage(), e);
                }
            }
        }
        return found;
    }
}
