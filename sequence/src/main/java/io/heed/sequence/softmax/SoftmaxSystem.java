package io.heed.sequence.softmax;

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.heed.catalog.Catalog;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of softmax attention, the baseline of every comparison. */
public final class SoftmaxSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind(Catalog.BASELINE, List.of("attention"),
            "softmax attention with rotary positions and a key/value cache: the baseline", Set.of(Pattern.values()),
            List.of(new MixerOption("positions", "rotary", "rotary or none"),
                    new MixerOption("base", "10000", "base of the rotary frequencies")),
            config -> new SoftmaxAttention(config));

    @Override
    public SystemCard card() {
        return Catalog.card(Catalog.BASELINE);
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of();
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
