package io.heed.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * A part of a system's study that stands on another family than the system: images, for one of the sequence family.
 * Its family's {@link FamilyCatalog} offers it, so that the study finds it where that family is on the class path.
 */
public interface StudyPart {
    /**
     * What a part found.
     *
     * @param held   whether what the paper claims of it was seen
     * @param reason what was seen, for the verdict
     */
    record Finding(boolean held, String reason) { }

    /** The id of the system that is studied. */
    String system();

    /**
     * Runs the part, and adds its tables and notes to the report.
     *
     * @param progress told how far the part is, from 0 to 1
     */
    Finding run(Budget budget, Progress progress, Report.Builder report);

    /** The part of {@code system}'s study that other families supply, where they are on the class path. */
    static Optional<StudyPart> of(String system) {
        List<StudyPart> parts = new ArrayList<>();
        ServiceLoader.load(FamilyCatalog.class).forEach(family -> parts.addAll(family.parts()));
        return parts.stream().filter(part -> part.system().equals(system)).findFirst();
    }
}
