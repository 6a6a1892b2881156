/** The part of ECharts that draws flows; loaded where flows are looked at. */
import { SankeyChart } from 'echarts/charts';
import * as core from 'echarts/core';

import { init } from './echarts';

core.use([SankeyChart]);

export { init };
