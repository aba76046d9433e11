package io.heed.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.heed.tensor.SafetensorsException;

/** Golden files found in files and folders, and the built systems that they belong to. */
public final class GoldenSuite {
    private GoldenSuite() { }

    /**
     * The golden files among these paths: files as they are, folders with all {@code .safetensors} files below them, in
     * the order of their names.
     *
     * @throws IOException when a path does not exist or a folder holds no such file
     */
    public static List<Path> files(List<Path> paths) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path path : paths) {
            if (!Files.exists(path)) {
                throw new SafetensorsException(path, "no such file or folder");
            }
            if (!Files.isDirectory(path)) {
                files.add(path);
                continue;
            }
            try (Stream<Path> below = Files.walk(path)) {
                List<Path> found = below.filter(Files::isRegularFile)
                        .filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
                if (found.isEmpty()) {
                    throw new SafetensorsException(path, "the folder holds no .safetensors file");
                }
                files.addAll(found);
            }
        }
        return files;
    }

    /**
     * Holds whatever the catalogue builds to one golden file.
     *
     * @return missing when the system, or this module of it, is not built; a failure when the file is no golden case
     */
    public static GoldenResult run(Catalog catalog, Path file) {
        GoldenCase golden;
        try {
            golden = GoldenCase.open(file);
        } catch (SafetensorsException e) {
            return new GoldenResult(GoldenResult.Outcome.FAIL, file.getFileName().toString(), Double.NaN, "", 0,
                    e.getMessage());
        }
        Map<String, GoldenModule> modules = catalog.golden(golden.system()).orElse(null);
        if (modules == null) {
            return GoldenRunner.missing(golden, "the system is not built yet");
        }
        GoldenModule module = modules.get(golden.module());
        if (module == null) {
            return GoldenRunner.missing(golden, "nothing builds '" + golden.module() + "' yet");
        }
        return GoldenRunner.run(golden, module);
    }
}
