package io.heed.tensor;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class DevicesTest {
    @Test
    void knowsTheCpu() {
        assertThat(Devices.named("CPU").is_cpu()).isTrue();
    }

    @Test
    void saysWhyCudaIsNotThere() {
        Assumptions.assumeTrue(Devices.cudaDevices() == 0, "this machine has CUDA");
        assertThatThrownBy(() -> Devices.named("cuda")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("device 'cuda': ").hasMessageEndingWith("use cpu");
    }

    @Test
    void refusesOtherNames() {
        for (String name : new String[] {"tpu", "cuda:x", "cpu:0", "", "cuda:100"}) {
            assertThatThrownBy(() -> Devices.named(name)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'" + name + "'");
        }
    }
}
