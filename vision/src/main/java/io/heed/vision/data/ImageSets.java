package io.heed.vision.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import io.heed.data.DataFolders;
import io.heed.train.NearestName;

/** Image sets by name. */
public final class ImageSets {
    /** The set that is drawn rather than read. */
    public static final String SHAPES = "shapes";

    private static final List<String> NAMES = List.of("fashion-mnist", "mnist", "cifar-10", "cifar-100", SHAPES);
    private static final List<String> CLOTHES = List.of("T-shirt", "trouser", "pullover", "dress", "coat", "sandal",
            "shirt", "sneaker", "bag", "ankle boot");
    private static final List<String> DIGITS = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

    private ImageSets() { }

    /** The names that {@link #open} knows. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * The set called {@code name}. Where none of the places has it, shapes stand in for it, and their
     * {@link ImageData#about()} says so.
     *
     * @throws IllegalArgumentException in one line when there is no such name, or the set's files cannot be used
     */
    public static StoredImages open(String name, DataFolders folders) {
        if (!NAMES.contains(name)) {
            throw new IllegalArgumentException(NearestName.unknown("image set '" + name + "'", name, NAMES));
        }
        if (name.equals(SHAPES)) {
            return Shapes.images(0, "");
        }
        Optional<Path> folder = folders.find(name);
        return folder.isPresent() ? read(name, folder.get()) : Shapes.images(0, name + " is not in "
                + String.join(", ", folders.places().stream().map(Path::toString).toList()) + "; set --data or "
                + DataFolders.VARIABLE + " to the folder that holds it");
    }

    private static StoredImages read(String name, Path folder) {
        String origin = name + " in " + folder;
        return switch (name) {
            case "fashion-mnist" -> StoredImages.of(name, origin, CLOTHES, Idx.part(folder, "train"),
                    Idx.part(folder, "t10k"), new Augmentation(2, true));
            case "mnist" -> StoredImages.of(name, origin, DIGITS, Idx.part(folder, "train"), Idx.part(folder, "t10k"),
                    new Augmentation(2, false));
            case "cifar-10" -> Cifar.ten(folder, name);
            default -> Cifar.hundred(folder, name);
        };
    }
}
