package io.heed.vision;

import java.util.List;

class GlobalAttentionTest extends GridMixerContract {
    @Override
    protected GridMixerKind kind() {
        return GridMixers.named("softmax");
    }

    @Override
    protected List<GridConfig> configs() {
        GridConfig config = GridConfig.of(24, 3, 5, 7);
        return List.of(config, config.withRelative(true), GridConfig.of(16, 2, 1, 1));
    }
}
