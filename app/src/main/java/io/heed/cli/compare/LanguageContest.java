package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.train.RunDirectory;
import io.heed.train.Task;

/** A contest of language models. */
record LanguageContest(CompareSettings settings, Workload workload) implements Contest<LanguageModel> {
    /** One model of this config. */
    private record Entrant(LanguageModelConfig config, Workload workload) implements Contestant<LanguageModel> {
        @Override
        public LanguageModel build() {
            return workload.build(config);
        }

        @Override
        public void describe(RunDirectory run) throws IOException {
            ModelFile.of(config, workload.vocabulary()).write(run);
        }
    }

    @Override
    public Task<LanguageModel> task() {
        return workload.task();
    }

    @Override
    public String about() {
        return workload.about();
    }

    @Override
    public String unit() {
        return "tokens";
    }

    @Override
    public List<Contestant<LanguageModel>> contestants() {
        return workload.models(settings).stream()
                .<Contestant<LanguageModel>>map(config -> new Entrant(config, workload)).toList();
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Sequences a step", String.valueOf(settings.batch()));
        facts.put("Tokens a sequence", String.valueOf(settings.length()));
        if (workload.isRecall() && settings.layers() > 1) {
            facts.put("First layer", "a convolution of three taps, unless the layers are named");
        }
        facts.put("Parameters", "equal within 1%, by the width of the MLPs");
        return facts;
    }

    @Override
    public String prompt() {
        return workload.prompt();
    }

    @Override
    public String sample(LanguageModel model) {
        return workload.sample(model);
    }

    @Override
    public long stateBytes(LanguageModel model) {
        return Workload.stateBytes(model, Math.toIntExact(model.config().backbone().length()));
    }

    @Override
    public String advice(Path run) {
        return workload.vocabulary().isEmpty() ? ""
                : "let it write: heed generate " + run + " --prompt 'a small '";
    }
}
